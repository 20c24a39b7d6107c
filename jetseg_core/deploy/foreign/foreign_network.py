"""A foreign network's file: its image input, and the outputs that could tell classes apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from jetseg_core.deploy.foreign.graph_writer import ImageInput
from jetseg_core.errors import JetSegError

OLDEST_OPSET = 13
"""Operators written here are of this opset; older networks are converted to it."""
_FLOATS = {TensorProto.FLOAT: False, TensorProto.FLOAT16: True}
"""Types of an image input and of scores, with whether they are half precision."""
_PREFIX = "network/"
LAYOUTS = {"nchw": 1, "nhwc": 3}
"""Axis of the channels."""


@dataclass(frozen=True)
class ForeignNetwork:
    """A network as it was read."""

    model: ModelProto
    """Every name in it begins with ``network/``."""
    image: ImageInput


def read_network(path: Path, layout: str | None) -> ForeignNetwork:
    """Read a network of one image input.

    Args:
        path: an ONNX file.
        layout: nchw or nhwc; None = by the place of the three channels.

    Raises:
        JetSegError: not an ONNX file, one of this project's, of an opset that cannot be converted, or without exactly
            one image input.
    """
    if not path.is_file():
        raise JetSegError(f"no file '{path}': give the path of a network's ONNX file")
    try:
        model = onnx.load(str(path))
        if not model.graph.node:
            raise ValueError("it has no operators")
    except OSError:
        raise
    except Exception as error:  # arbitrary bytes; its exceptions share no base class
        raise JetSegError(
            f"'{path}' cannot be read as an ONNX model ({_first_line(error)}); give the file that torch.onnx.export "
            "or another exporter wrote, with its data file beside it if it has one"
        ) from error
    if any(entry.key == "jetseg" for entry in model.metadata_props):
        raise JetSegError(f"'{path}' is a model of this project already; use it as it is")
    opset = max((entry.version for entry in model.opset_import if not entry.domain), default=0)
    if opset < OLDEST_OPSET:
        try:
            model = onnx.version_converter.convert_version(model, OLDEST_OPSET)
        except Exception as error:  # its converters raise what they like
            raise JetSegError(
                f"'{path}': opset {opset} cannot be converted to {OLDEST_OPSET} ({_first_line(error)}); export the "
                "network again with opset_version=17"
            ) from error
    image = _image_input(model, layout)
    model = onnx.compose.add_prefix(model, _PREFIX)
    # Sizes noted for the exporter's example are no facts where the input is of any size.
    del model.graph.value_info[:]
    return ForeignNetwork(
        model, ImageInput(_PREFIX + image.name, image.half, image.layout, image.size)
    )


def shown(name: str) -> str:
    """A tensor's name as its file has it."""
    return name.removeprefix(_PREFIX)


def hidden(name: str) -> str:
    """Inverse of `shown`."""
    return _PREFIX + name


def _image_input(model: ModelProto, layout: str | None) -> ImageInput:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    listed = "; ".join(map(_described, inputs)) or "none"
    if len(inputs) != 1:
        raise JetSegError(
            f"the network has {len(inputs)} inputs ({listed}); expected one, an image: export it with the other "
            "values fixed"
        )
    value = inputs[0]
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        raise JetSegError(
            f"the network's input {listed} has no known rank; expected four axes, such as (1, 3, height, width): "
            "export it with an example image"
        )
    sizes = _dimensions(value)
    if len(sizes) != 4 or kind.elem_type not in _FLOATS:
        raise JetSegError(
            f"the network's input {listed} is no image; expected float32 or float16 of shape (1, 3, height, width) or "
            "(1, height, width, 3)"
        )
    if layout is None:
        fitting = [name for name, axis in LAYOUTS.items() if sizes[axis] == 3]
        if len(fitting) != 1:
            found = "both" if fitting else "neither"
            raise JetSegError(
                f"the network's input {listed}: {found} of its second and last axis is of 3 channels; say which holds "
                "the colors with --layout nchw or --layout nhwc"
            )
        layout = fitting[0]
    channels, others = sizes[LAYOUTS[layout]], sizes[4 - LAYOUTS[layout]]
    if channels not in (None, 3) or (channels is None and others == 3):
        raise JetSegError(
            f"the network's input {listed} is no image in the layout {layout}, whose "
            f"{'second' if layout == 'nchw' else 'last'} axis holds 3 colors; give the other one, or leave --layout out"
        )
    if sizes[0] not in (None, 1):
        raise JetSegError(
            f"the network's input {listed} takes {sizes[0]} images at once; export it for 1, or for any number"
        )
    rows = 2 if layout == "nchw" else 1
    return ImageInput(value.name, _FLOATS[kind.elem_type], layout, (sizes[rows], sizes[rows + 1]))


def set_input(model: ModelProto, image: ImageInput, batch: int | None) -> None:
    """Replace the network's input by ``images``, (N, H, W, 3) uint8, of the image's size."""
    inputs = [value for value in model.graph.input if value.name != image.name]
    del model.graph.input[:]
    height, width = image.size
    shape = (batch or "N", height or "H", width or "W", 3)
    model.graph.input.append(helper.make_tensor_value_info("images", TensorProto.UINT8, shape))
    model.graph.input.extend(inputs)


def fixed_batch(network: ForeignNetwork) -> int | None:
    """The number of images that the network takes, if it takes that number only."""
    value = next(v for v in network.model.graph.input if v.name == network.image.name)
    return _dimensions(value)[0]


def without_last_cast(model: ModelProto, name: str) -> str:
    """The class ids of ArgMax themselves, where an output is a cast of them; else the same name."""
    producers: dict[str, NodeProto] = {
        out: node for node in model.graph.node for out in node.output
    }
    node = producers.get(name)
    if node is not None and node.op_type == "Cast":
        source = producers.get(node.input[0])
        if source is not None and source.op_type == "ArgMax":
            return node.input[0]
    return name


def _described(value: ValueInfoProto) -> str:
    kind = value.type.tensor_type
    types = {number: name.lower() for name, number in TensorProto.DataType.items()}
    shape: Sequence[int | str | None] | str = "of unknown rank"
    if kind.HasField("shape"):
        shape = f"({', '.join('any' if one is None else str(one) for one in _dimensions(value))})"
    return f"'{value.name}' {types.get(kind.elem_type, 'of no tensor')} {shape}"


def _dimensions(value: ValueInfoProto) -> list[int | None]:
    """Length of each axis; None for any length."""
    return [
        one.dim_value if one.HasField("dim_value") and one.dim_value > 0 else None
        for one in value.type.tensor_type.shape.dim
    ]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]:.200}" if lines else type(error).__name__
