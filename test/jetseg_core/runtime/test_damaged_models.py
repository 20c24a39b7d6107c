"""Exported models that are not what their description says are refused when they are loaded."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from jetseg_core.classes import CAMVID11
from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.runtime.model_files import read_description

DESCRIPTION = {
    "name": "small",
    "config": ModelConfig().to_dict(),
    "classes": CAMVID11.to_dict(),
    "sha256": "0" * 64,
    "provenance": {},
}
N, U8, F32 = helper.make_node, TensorProto.UINT8, TensorProto.FLOAT


def model(
    labels: list[Any], confidence: list[Any], types: tuple[int, int] = (U8, U8), rank: int = 3,
    names: tuple[str, str, str] = ("images", "labels", "confidence"), weight: float = 0.5,
) -> onnx.ModelProto:  # fmt: skip
    """A graph of `images` -> red / 32 and its square; `labels` and `confidence` are the last nodes."""
    image, *outputs = names
    numbers = {
        "red": np.array(0), "32": np.array(32, np.uint8), "axis": np.array([0]), "from": np.array([0, 0]),
        "to": np.array([9999, 9999]), "axes": np.array([1, 2]), "steps": np.array([2, 2]),
        "weight": np.array(weight, np.float32),
    }  # fmt: skip
    shape = [["n", "h", "w"], ["n", "h", "w", "c"]][rank - 3]
    nodes = [
        N("Gather", [image, "red"], ["plane"], axis=3),
        N("Div", ["plane", "32"], ["ids"]),
        N("Cast", ["plane"], ["real"], to=F32),
        N("Sigmoid", ["real"], ["positive"]),
        N("Add", ["positive", "weight"], ["sum"]),
        N("Ceil", ["sum"], ["certain"]),
    ]
    graph = helper.make_graph(
        [*nodes, *labels, *confidence],
        "g",
        [helper.make_tensor_value_info(image, U8, ["n", "h", "w", 3])],
        [
            helper.make_tensor_value_info(
                name, kind, shape if name == outputs[0] else ["n", "h", "w"]
            )
            for name, kind in zip(outputs, types, strict=True)
        ],
        [numpy_helper.from_array(value, name) for name, value in numbers.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(made, {"jetseg": json.dumps(DESCRIPTION)})
    return made


LABELS = N("Identity", ["ids"], ["labels"])
CONFIDENCE = N("Cast", ["certain"], ["confidence"], to=U8)
FORMS: dict[str, tuple[onnx.ModelProto, str]] = {
    "other names": (
        model([N("Identity", ["ids"], ["classes"])], [CONFIDENCE], names=("images", "classes", "confidence")),
        "labels",
    ),
    "another input": (model([LABELS], [CONFIDENCE], names=("x", "labels", "confidence")), "images"),
    "float labels": (
        model([N("Cast", ["ids"], ["labels"], to=F32)], [CONFIDENCE], types=(F32, U8)),
        "labels: float32",
    ),
    "rank 4": (
        model([N("Unsqueeze", ["ids", "axis"], ["labels"])], [CONFIDENCE], rank=4),
        r"labels: uint8 of shape \(1, 1, 64, 96\)",
    ),
    "half the size": (
        model([N("Slice", ["ids", "from", "to", "axes", "steps"], ["labels"])], [CONFIDENCE]),
        r"shape \(1, 32, 48\)",
    ),
    "class 255 of 11": (model([N("Identity", ["plane"], ["labels"])], [CONFIDENCE]), "class 254; .* names 11"),
    "float confidence": (
        model([LABELS], [N("Identity", ["certain"], ["confidence"])], types=(U8, F32)),
        "confidence: f(loat)?32",
    ),
    "NaN": (model([LABELS], [CONFIDENCE], weight=math.nan), "no finite numbers"),
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> RuntimeSettings:
    return RuntimeSettings(checkpoint=str(tmp_path / "a.onnx"), input_size=(64, 96))


def start(made: onnx.ModelProto, settings: RuntimeSettings, backend: str) -> Any:
    onnx.save(made, settings.checkpoint)
    return create_runtime(RuntimeSettings(settings.checkpoint, backend, input_size=(64, 96)))


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_sound_graph_runs(backend: str, settings: RuntimeSettings) -> None:
    image = np.full((64, 96, 3), (70, 0, 0), np.uint8)
    found = start(model([LABELS], [CONFIDENCE]), settings, backend).segment(image, confidence=True)
    assert (found.labels == 2).all()
    assert found.confidence is not None


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("form", FORMS)
def test_a_graph_of_another_form_is_refused(
    form: str, backend: str, settings: RuntimeSettings
) -> None:
    made, message = FORMS[form]
    with pytest.raises(JetSegError, match=message) as raised:
        start(made, settings, backend)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ["x"]}, r"name \['x'\]"),
        ({"sha256": 7}, "sha256 7"),
        ({"provenance": 3}, "provenance 3"),
        ({"config": 7}, "model configuration: 7"),
        ({"config": {"num_classes": 12}}, "11 names of classes for a network of 12"),
        ({"config": {"decoder_channels": 10**7}}, "decoder_channels: 10000000"),
        ({"classes": []}, r"class set: \[\]"),
        ({"classes": {"name": "a", "names": ["b"], "palette": [[1e999, 0, 0]]}}, "palette: .inf"),
    ],
)
def test_a_damaged_description_is_one_line(changes: dict[str, object], message: str) -> None:
    with pytest.raises(JetSegError, match=message) as raised:
        read_description(json.dumps(DESCRIPTION | changes), Path("a.onnx"))
    assert str(raised.value).startswith("'a.onnx': its 'jetseg' metadata is damaged")
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '{"name": "a"}', "[" * 10**5, "\ud800", "9" * 5000]
)
def test_a_description_that_is_no_json_object_is_one_line(text: str) -> None:
    with pytest.raises(JetSegError, match="metadata is damaged"):
        read_description(text, Path("a.onnx"))
