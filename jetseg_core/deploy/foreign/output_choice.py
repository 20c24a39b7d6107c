"""The output of a foreign network that tells classes apart."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, ValueInfoProto, helper

from jetseg_core.classes import ClassSet
from jetseg_core.deploy.foreign.foreign_network import LAYOUTS, hidden, shown
from jetseg_core.deploy.foreign.graph_writer import ClassOutput
from jetseg_core.deploy.foreign.trial import TRIAL_SIZES, run_tensors, size_text
from jetseg_core.errors import JetSegError


def choose_output(
    model: ModelProto,
    size: tuple[int, int] | None,
    classes: ClassSet,
    channels: int,
    wanted: str | None,
) -> tuple[ClassOutput, np.ndarray]:
    """The output that tells classes apart, and its values for a frame.

    Scores of which it is a bilinear up-sampling take its place.

    Args:
        model: with ``images`` as its input.
        size: (height, width) of the input; None = any.
        classes: that the network was trained on.
        channels: number that scores must have.
        wanted: name of the output; None = the only one that fits.

    Raises:
        JetSegError: none fits, or several.
    """
    names = [value.name for value in model.graph.output]
    if wanted is not None:
        if hidden(wanted) not in names:
            raise JetSegError(
                f"--output {wanted}: the network has no such output, but {', '.join(map(shown, names))}"
            )
        names = [hidden(wanted)]
    earlier = {
        value.name: _before_upsampling(model, value)
        for value in model.graph.output
        if value.name in names
    }
    trial = size or TRIAL_SIZES[0]
    results = run_tensors(model, trial, [*names, *filter(None, earlier.values())])
    outputs = {name: results[name] for name in names}
    fitting = _candidates(outputs, trial, channels)
    if len(fitting) != 1:
        raise JetSegError(_no_single(outputs, fitting, channels, classes))
    chosen = fitting[0]
    scores = earlier[chosen.name]
    if scores is not None and chosen.layout == "nchw" and chosen.stride == 1:
        before = _candidates({scores: results[scores]}, trial, channels)
        if before and before[0].layout == "nchw":
            return before[0], results[scores]
    return chosen, results[chosen.name]


def _no_single(
    outputs: dict[str, np.ndarray],
    fitting: list[ClassOutput],
    channels: int,
    classes: ClassSet,
) -> str:
    if fitting:
        names = ", ".join(shown(one.name) for one in fitting)
        both = _describe_results({one.name: outputs[one.name] for one in fitting})
        return f"several outputs could tell the classes apart ({both}); choose one of {names} with --output"
    extra = f" and {channels - len(classes)} ignored" if channels != len(classes) else ""
    return (
        f"no output fits the {len(classes)} classes of '{classes.name}'{extra}: the network gives "
        f"{_describe_results(outputs)}; expected scores (1, {channels}, h, w) or (1, h, w, {channels}), or integer ids "
        "(1, h, w), no larger than the image: name the classes that it was trained on with --classes, and a channel "
        "beside them with --ignore"
    )


def check_any_size(model: ModelProto, output: ClassOutput, values: np.ndarray) -> None:
    """Raise if a network that says it takes any size does not, or gives results of one size."""
    other = TRIAL_SIZES[1]
    result = run_tensors(model, other, [output.name])[output.name]
    axes = (2, 3) if output.layout in ("nchw", "n1hw") else (1, 2)
    for side, axis in enumerate(axes):
        ratios = (TRIAL_SIZES[0][side] / values.shape[axis], other[side] / result.shape[axis])
        if max(ratios) / min(ratios) > 1.2:
            shapes = f"{values.shape} for {size_text(TRIAL_SIZES[0])} and {result.shape} for {size_text(other)}"
            raise JetSegError(
                f"the network takes any size, but '{shown(output.name)}' is {shapes}: its output does not follow its "
                "input; give the size of its input with --size"
            )


def _before_upsampling(model: ModelProto, output: ValueInfoProto) -> str | None:
    """The scores that an output is the bilinear up-sampling of, as the labelling here does it; None if it is none."""
    producers = {name: node for node in model.graph.node for name in node.output}
    node = producers.get(output.name)
    if node is None or node.op_type != "Resize" or node.domain not in ("", "ai.onnx"):
        return None
    attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel")
    fits = mode in (b"half_pixel", b"pytorch_half_pixel") and attributes.get("mode") == b"linear"
    return node.input[0] if fits and not attributes.get("antialias") else None


def _candidates(
    results: dict[str, np.ndarray], size: tuple[int, int], channels: int
) -> list[ClassOutput]:
    """The outputs that could tell classes apart: scores with one channel a class, or ids; none larger than the input.

    Args:
        results: the outputs for one frame.
        size: (height, width) of the network's input.
        channels: number that scores must have.
    """
    found = []
    for name, values in results.items():
        if np.issubdtype(values.dtype, np.integer):
            layout = {3: "nhw", 4: "n1hw" if values.shape[1:2] == (1,) else "nhw1"}.get(values.ndim)
            single = values.ndim == 3 or (
                values.ndim == 4 and 1 in (values.shape[1], values.shape[3])
            )
            plane = values.shape[1:3] if layout != "n1hw" else values.shape[2:4]
            kind = "ids"
        elif values.dtype in (np.float32, np.float16) and values.ndim == 4:
            layout = next(
                (one for one, axis in LAYOUTS.items() if values.shape[axis] == channels), None
            )
            plane = values.shape[2:4] if layout == "nchw" else values.shape[1:3]
            single, kind = layout is not None, "scores"
        else:
            continue
        if single and layout and values.shape[0] == 1 and min(plane) > 1 and plane <= size:
            half = values.dtype == np.float16
            stride = max(1 if plane == size else 2, round(size[0] / plane[0]))
            found.append(ClassOutput(name, kind, layout, half, stride))
    return found


def _describe_results(results: dict[str, np.ndarray]) -> str:
    """The outputs with types and shapes, for a message."""
    return "; ".join(f"'{shown(name)}' {v.dtype} {v.shape}" for name, v in results.items())
