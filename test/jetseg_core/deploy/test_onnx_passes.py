"""An exported graph is rewritten for a shape and a precision, and stays the function that it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto

from jetseg_core.classes import CAMVID11
from jetseg_core.data.data_set import DataSet
from jetseg_core.deploy.onnx_passes import OPSET, fix_shape, is_half, to_half
from jetseg_core.runtime.model_files import find_model


def shipped() -> onnx.ModelProto:
    path = find_model("nano_camvid11").exported
    assert path is not None
    return onnx.load(path)


def run(model: onnx.ModelProto, images: np.ndarray) -> list[np.ndarray]:
    return ort.InferenceSession(model.SerializeToString()).run(None, {"images": images})


@pytest.mark.parametrize("shape", [(1, 64, 96, 3), (2, 97, 131, 3)])
def test_a_graph_of_one_shape_is_the_same_function_without_shape_arithmetic(
    shape: tuple[int, ...],
) -> None:
    model = shipped()
    before = model.SerializeToString()
    fixed = fix_shape(model, shape)
    onnx.checker.check_model(fixed, full_check=True)
    assert model.SerializeToString() == before
    assert fixed.metadata_props == model.metadata_props
    constants = {tensor.name for tensor in fixed.graph.initializer}
    for node in fixed.graph.node:
        assert node.op_type != "Shape"
        assert not constants.issuperset(node.input), f"{node.name} could be computed beforehand"
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for one, other in zip(run(fixed, images), run(model, images), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_file_is_of_an_age_that_old_runtimes_read() -> None:
    model = shipped()
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", OPSET)]
    assert model.ir_version == onnx.helper.find_min_ir_version_for(model.opset_import)


def test_half_precision_leaves_no_float_and_keeps_the_labels(camvid: Path) -> None:
    full = fix_shape(shipped(), (1, 360, 480, 3))
    half = to_half(full)
    onnx.checker.check_model(half, full_check=True)
    assert is_half(half)
    assert not is_half(full)
    inferred = onnx.shape_inference.infer_shapes(half).graph
    kinds = {value.type.tensor_type.elem_type for value in (*inferred.value_info, *inferred.output)}
    assert kinds == {TensorProto.FLOAT16, TensorProto.INT64, TensorProto.UINT8}
    sessions = [ort.InferenceSession(model.SerializeToString()) for model in (full, half)]
    same = []
    for image, _ in list(DataSet(str(camvid), "val", CAMVID11))[::20]:
        labels, rounded = (s.run(["labels"], {"images": image[None]})[0] for s in sessions)
        same.append(np.mean(labels == rounded))
    assert np.mean(same) >= 0.999
