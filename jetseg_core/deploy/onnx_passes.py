"""Rewriting an exported graph: one that every runtime reads, one of a fixed size, one in half precision.

Needs onnx alone, so that a robot's backend can prepare a graph without torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from jetseg_core.errors import JetSegError

OPSET = 17
"""Newest opset of TensorRT 8.5 and 8.6, the oldest supported (onnx-tensorrt, docs/operators.md)."""
IR_VERSION = 8
"""File format of that opset's time; runtimes of that age refuse newer ones."""
_NEWER_ATTRIBUTES = ("noop_with_empty_axes", "antialias", "axes", "keep_aspect_ratio_policy")
"""Attributes of Reduce* and Resize that opset 18 has and 17 has not; at their defaults in all that torch exports."""


def lower_opset(model: ModelProto) -> None:
    """Rewrite what torch exports in opset 18 as opset 17, in forms that old importers read right, in place.

    The importers of TensorRT 8 ignore without a word the axes of ReduceMean where they are an input, and a Shape's
    start and end. Sizes are read from the cast image, because no operator but Cast takes TensorRT's uint8.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type.startswith("Reduce") and node.op_type != "ReduceSum":
            axes = numpy_helper.to_array(constants[node.input[1]]).tolist()
            del node.input[1:]
            _drop_attributes(node, _NEWER_ATTRIBUTES)
            node.attribute.append(helper.make_attribute("axes", axes))
        elif node.op_type == "Resize":
            _drop_attributes(node, _NEWER_ATTRIBUTES)
        elif node.op_type == "Shape" and node.attribute:
            nodes.extend(_plain_shape(node, graph))
            continue
        nodes.append(node)
    casts = {node.input[0]: node for node in nodes if node.op_type == "Cast"}
    leading = [casts[value.name] for value in graph.input if value.name in casts]
    for node in nodes:
        if node not in leading:
            for index, name in enumerate(node.input):
                if name in casts and casts[name] in leading:
                    node.input[index] = casts[name].output[0]
    _replace_nodes(model, [*leading, *(node for node in nodes if node not in leading)])
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", OPSET))
    model.ir_version = IR_VERSION


def _plain_shape(node: NodeProto, graph: onnx.GraphProto) -> Iterator[NodeProto]:
    """A Shape of some axes as one of all of them and the choice."""
    bounds = {attribute.name: attribute.i for attribute in node.attribute}
    whole, axes = f"{node.output[0]}_whole", f"{node.output[0]}_axes"
    chosen = np.arange(bounds.get("start", 0), bounds["end"], dtype=np.int64)
    graph.initializer.append(numpy_helper.from_array(chosen, axes))
    yield helper.make_node("Shape", node.input, [whole], name=node.name)
    yield helper.make_node("Gather", [whole, axes], node.output, name=f"{node.name}_axes", axis=0)


def _drop_attributes(node: NodeProto, names: Sequence[str]) -> None:
    kept = [attribute for attribute in node.attribute if attribute.name not in names]
    del node.attribute[:]
    node.attribute.extend(kept)


def fix_shape(model: ModelProto, shape: Sequence[int]) -> ModelProto:
    """The graph for images of one shape, with everything computed that depends on the shape alone.

    Args:
        model: an exported model, which is not changed.
        shape: (N, H, W, 3).

    Raises:
        JetSegError: it has branches or loops.
    """
    if has_branches(model):
        raise JetSegError("a graph with branches or loops cannot be computed ahead")
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    graph = fixed.graph
    _set_shape(graph.input[0], shape)
    for value in graph.output:
        _set_shape(value, shape[:3])
    count = -1
    while count != len(graph.node):
        count = len(graph.node)
        _fold(fixed, _static_shapes(fixed))
    return fixed


def has_branches(model: ModelProto) -> bool:
    """True if a node of the graph holds a graph of its own, as If and Loop do."""
    attributes = (attribute for node in model.graph.node for attribute in node.attribute)
    return any(one.HasField("g") or one.graphs for one in attributes)


def _set_shape(value: onnx.ValueInfoProto, shape: Sequence[int]) -> None:
    dimensions = helper.make_tensor_type_proto(value.type.tensor_type.elem_type, shape)
    value.type.CopyFrom(dimensions)


def _static_shapes(model: ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of the tensors whose every dimension is known."""
    del model.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        dimensions = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape"):
            sizes = tuple(d.dim_value for d in dimensions if d.HasField("dim_value"))
            if len(sizes) == len(dimensions):
                shapes[value.name] = sizes
    return shapes


def _fold(model: ModelProto, shapes: dict[str, tuple[int, ...]]) -> None:
    """Replace nodes whose result is known by initializers, and leave out slices that cut nothing off."""
    from onnx.reference import ReferenceEvaluator

    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    renamed: dict[str, str] = {}
    values: Any
    kept = []
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
        source, result = next(iter(node.input), ""), node.output[0]
        if not _foldable(node):
            kept.append(node)
            continue
        if node.op_type == "Shape" and source in shapes:
            values = [np.array(shapes[source], np.int64)]
        elif _cuts_nothing(node, shapes, constants):
            renamed[result] = source
            continue
        elif all(not name or name in constants for name in node.input):
            alone = helper.make_graph(
                [node],
                "folded",
                [],
                [onnx.ValueInfoProto(name=name) for name in node.output],
                [constants[name] for name in node.input if name],
            )
            values = ReferenceEvaluator(
                helper.make_model(alone, opset_imports=model.opset_import)
            ).run(None, {})
        else:
            kept.append(node)
            continue
        for name, value in zip(node.output, values, strict=True):
            constants[name] = numpy_helper.from_array(np.asarray(value), name)
    _replace_nodes(model, kept, constants.values())


def _foldable(node: NodeProto) -> bool:
    """False where the result does not follow from the inputs, and for weights that are kept compressed."""
    drawn = not node.input and node.op_type != "Constant"
    compressed = node.op_type == "DequantizeLinear"
    return node.domain in ("", "ai.onnx") and not (drawn or compressed or "" in node.output)


def _cuts_nothing(
    node: NodeProto, shapes: dict[str, tuple[int, ...]], constants: dict[str, TensorProto]
) -> bool:
    """True for a Slice of everything in its order."""
    if node.op_type != "Slice" or node.input[0] not in shapes:
        return False
    steps = constants.get(node.input[4]) if len(node.input) > 4 else None
    forward = len(node.input) < 5 or (
        steps is not None and (numpy_helper.to_array(steps) == 1).all()
    )
    return bool(forward) and shapes[node.input[0]] == shapes.get(node.output[0])


def to_half(model: ModelProto) -> ModelProto:
    """The graph typed in half precision, with uint8 in and out as before; the model given is not changed.

    Strongly typed networks, the only ones of TensorRT 11, take their precision from the graph.
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    graph = half.graph
    # Scales of a Resize are float32 by definition.
    scales = {name for node in graph.node if node.op_type == "Resize" for name in node.input[1:3]}
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and tensor.name not in scales:
            tensor.CopyFrom(_halved(tensor))
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
            elif attribute.t.data_type == TensorProto.FLOAT:
                attribute.t.CopyFrom(_halved(attribute.t))
    del graph.value_info[:]
    return half


def is_half(model: ModelProto) -> bool:
    """True if the graph's weights are in half precision."""
    return any(tensor.data_type == TensorProto.FLOAT16 for tensor in model.graph.initializer)


def _halved(tensor: TensorProto) -> TensorProto:
    return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name)


def drop_unused(model: ModelProto) -> None:
    """Remove nodes and constants that no output needs, such as auxiliary heads, in place."""
    needed = {value.name for value in model.graph.output}
    kept = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed.update(_names_read(node))
            kept.append(node)
    _replace_nodes(model, kept[::-1], [t for t in model.graph.initializer if t.name in needed])


def _names_read(node: NodeProto) -> Iterator[str]:
    """The inputs of a node and of the nodes in its branches and loops."""
    yield from node.input
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            yield from (name for one in inner.node for name in _names_read(one))
            yield from (value.name for value in inner.output)


def _replace_nodes(
    model: ModelProto, nodes: Sequence[NodeProto], constants: Iterable[TensorProto] | None = None
) -> None:
    """Put these nodes in the graph, with those of the constants (default: its own) that are used."""
    graph = model.graph
    used = {name for node in nodes for name in _names_read(node)}
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    known = list(graph.initializer if constants is None else constants)
    weights = [TensorProto.FromString(t.SerializeToString()) for t in known if t.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(copies)
    graph.initializer.extend(weights)
