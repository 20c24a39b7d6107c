"""TensorRT's parser takes what is exported, as far as its documentation and sources say; nothing here runs it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.deploy.labelling import PHASES
from jetseg_core.deploy.onnx_passes import fix_shape, to_half

SHIPPED = sorted((Path(__file__).parents[3] / "models").glob("*.onnx"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_models_are_read_by_every_version(path: Path, tensorrt_reader: ModuleType) -> None:
    model = onnx.load(path)
    fixed = fix_shape(model, (1, 360, 480, 3))
    for version in tensorrt_reader.VERSIONS:
        for graph in (model, fixed, to_half(model), to_half(fixed)):
            assert tensorrt_reader.complaints(graph, version) == []


class FormerEnd(nn.Module):
    """The end of an earlier export: uint8 is concatenated, transposed and cut, axes are inputs, sizes the image's."""

    def forward(self, images: Tensor) -> Tensor:
        scores = (images.float() - images.float().mean((1, 2), True)).permute(0, 3, 1, 2)
        n, classes, h, w = scores.shape
        labels = []
        for kernel in PHASES:
            phase = F.conv2d(scores, kernel.expand(classes, 1, 3, 3), padding=1, groups=classes)
            chosen = phase.reshape(n, classes, h * w).topk(1, 1)[1]
            labels.append(chosen[:, 0].to(torch.uint8))
        doubled = torch.stack(labels, 1).reshape(n, 2, 2, h, w).permute(0, 3, 1, 4, 2)
        return doubled.reshape(n, 2 * h, 2 * w)[:, : images.shape[1], : images.shape[2]]


@pytest.fixture(scope="module")
def former() -> onnx.ModelProto:
    auto = torch.export.Dim.AUTO
    program = torch.onnx.export(
        FormerEnd(),
        (torch.zeros((2, 96, 128, 3), dtype=torch.uint8),),
        dynamic_shapes=({0: auto, 1: auto, 2: auto},),
        opset_version=18,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    return program.model_proto


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("8.5", "opset 18 is newer than 17"),
        ("8.5", "cast from INT32 to UINT8"),
        ("10.1", "cast from INT64 to UINT8"),
        ("10.1", "UINT8 types for intermediate tensors"),
        ("10.1", "UINT8 is not among its types"),
        ("8.6", "input 1 is ignored"),
        ("8.6", "end is ignored"),
    ],
)
def test_the_former_export_is_refused(
    former: onnx.ModelProto, version: str, reason: str, tensorrt_reader: ModuleType
) -> None:
    found = tensorrt_reader.complaints(former, version)
    assert any(line.endswith(reason) or f": {reason}" in line for line in found), found


def graph(*nodes: onnx.NodeProto, constants: dict[str, list[int]] | None = None) -> onnx.ModelProto:
    """A graph from x (1, 4, 8, 8) to y, float, of opset 17."""
    initializers = [
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in (constants or {}).items()
    ]
    initializers.append(helper.make_tensor("one", TensorProto.FLOAT, [1, 4, 1, 1], [1.0] * 4))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    body = helper.make_graph(list(nodes), "g", [x], [y], initializers)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            graph(
                helper.make_node("Expand", ["one", "shape"], ["w"]),
                helper.make_node("Conv", ["x", "w"], ["y"]),
                constants={"shape": [4, 4, 1, 1]},
            ),
            "input 1 is no initializer",
        ),
        (graph(helper.make_node("Det", ["x"], ["y"])), "not supported"),
        (
            graph(
                helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="cubic"),
                constants={"sizes": [1, 4, 16, 16]},
            ),
            "mode is cubic",
        ),
        (
            graph(helper.make_node("TopK", ["x", "k"], ["y", "i"], sorted=0), constants={"k": [1]}),
            "sorted is 0",
        ),
    ],
    ids=["weights that are computed", "operator", "mode", "attribute"],
)
def test_other_reasons_are_found(
    model: onnx.ModelProto, reason: str, tensorrt_reader: ModuleType
) -> None:
    for version in tensorrt_reader.VERSIONS:
        assert reason in "\n".join(tensorrt_reader.complaints(model, version))
