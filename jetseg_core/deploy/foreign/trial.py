"""One frame of the generated street through a graph, by a runtime that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import cv2
import numpy as np
import onnx
from onnx import ModelProto, TensorProto

from jetseg_core.errors import JetSegError
from jetseg_core.street import StreetScene

TRIAL_SIZES = ((360, 480), (203, 331))
"""(height, width) at which a network for any size is tried: the default, and one that no stride divides."""


def run_graph(model: ModelProto, images: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs of a graph by name, computed in the graph's own precision.

    Args:
        model: with the one input ``images``.
        images: its value.

    Raises:
        JetSegError: neither ONNX Runtime nor OpenVINO is installed.
        Exception: the graph cannot be run.
    """
    data = model.SerializeToString()
    names = [value.name for value in model.graph.output]
    if find_spec("onnxruntime"):
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 4  # what fails is raised, too
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        return dict(zip(names, session.run(names, {"images": images}), strict=True))
    if find_spec("openvino"):
        import openvino as ov

        core = ov.Core()
        graph = core.read_model(data)
        graph.reshape({"images": list(images.shape)})
        compiled = core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        results = compiled([images])
        return {name: np.array(results[compiled.output(name)]) for name in names}
    raise JetSegError(
        "trying a network out needs openvino or onnxruntime; install one of them with pip"
    )


def run_tensors(
    model: ModelProto, size: tuple[int, int], names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Some tensors for a frame of the generated street."""
    trial = ModelProto()
    trial.CopyFrom(model)
    known = {value.name: value for value in trial.graph.output}
    del trial.graph.output[:]
    for name in dict.fromkeys(names):
        trial.graph.output.append(known.get(name) or onnx.ValueInfoProto(name=name))
    inferred = onnx.shape_inference.infer_shapes(trial)
    types = {value.name: value.type for value in inferred.graph.value_info}
    for value in trial.graph.output:
        if not value.type.tensor_type.elem_type:
            kind = (
                types[value.name].tensor_type.elem_type
                if value.name in types
                else TensorProto.FLOAT
            )
            value.type.tensor_type.elem_type = kind
        value.type.tensor_type.ClearField("shape")
    try:
        return run_graph(trial, frame_of(size))
    except Exception as error:  # runtimes raise what they like
        reason = " ".join(str(error).split())
        raise JetSegError(
            f"the network fails on an image of {size_text(size)} (height x width): {reason:.300}; give a size that it "
            "takes with --size, and its layout with --layout if the one found is wrong"
        ) from error


def frame_of(size: tuple[int, int]) -> np.ndarray:
    """(1, H, W, 3) uint8 RGB: a frame of the generated street."""
    frame, _ = StreetScene(seed=0).render(40)
    return cv2.resize(frame, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)[None]


def size_text(size: Sequence[int | None]) -> str:
    """A size as height x width."""
    return "x".join("any" if side is None else str(side) for side in size)
