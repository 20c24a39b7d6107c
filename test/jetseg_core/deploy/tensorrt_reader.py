"""Read an ONNX graph as TensorRT's parser does, by the tables of onnx-tensorrt in tensorrt_operators.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

FACTS: dict[str, Any] = json.loads(
    Path(__file__).with_name("tensorrt_operators.json").read_text(encoding="utf-8")
)
VERSIONS = list(FACTS["sources"])
"""TensorRT's, the oldest first."""
TYPES = {
    TensorProto.FLOAT: "FP32", TensorProto.FLOAT16: "FP16", TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64", TensorProto.INT8: "INT8", TensorProto.UINT8: "UINT8", TensorProto.BOOL: "BOOL",
}  # fmt: skip
ELEMENTWISE = ("Add", "Concat", "Div", "Max", "Min", "Mul", "Pow", "Sub")
"""Operators whose every input is data."""


def complaints(model: onnx.ModelProto, version: str) -> list[str]:
    """Reasons for which a version refuses a graph or, worse, reads another from it; empty if there are none."""
    return list(_complaints(model, version))


def _complaints(model: onnx.ModelProto, version: str) -> Iterator[str]:
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    if opset > FACTS["newest_opset"][version]:
        yield f"opset {opset} is newer than {FACTS['newest_opset'][version]}"
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    constants = {tensor.name for tensor in graph.initializer}
    types = {
        value.name: value.type.tensor_type.elem_type
        for value in (*graph.input, *graph.value_info, *graph.output)
    } | {tensor.name: tensor.data_type for tensor in graph.initializer}
    # Before 10.0, INT64 is read as INT32.
    names = {
        name: "INT32" if kind == TensorProto.INT64 and version.startswith("8") else TYPES[kind]
        for name, kind in types.items()
    }
    outputs = {value.name for value in graph.output}
    for node in graph.node:
        for reason in _of_node(node, version, names, constants):
            yield f"{node.op_type} {node.name}: {reason}"
        for name in node.output:
            if names.get(name) == "UINT8" and name not in outputs:
                yield f"{node.op_type} {node.name}: UINT8 types for intermediate tensors"


def _of_node(
    node: onnx.NodeProto, version: str, types: dict[str, str], constants: set[str]
) -> Iterator[str]:
    rules = FACTS["rules"]
    supported = _since(FACTS["operators"].get(node.op_type, {}), version)
    if supported is None:
        yield "not supported"
        return
    if node.op_type == "Cast":
        pair = types[node.input[0]], types[node.output[0]]
        if "UINT8" in pair and not set(pair) & set(rules["uint8"]["cast_partners"]):
            yield f"cast from {pair[0]} to {pair[1]}"
    else:
        data = node.input if node.op_type in ELEMENTWISE else node.input[:1]
        for name in data:
            if types[name] not in supported.split():
                yield f"{types[name]} is not among its types, {supported}"
    for index in rules["constant_inputs"].get(node.op_type, ()):
        if index < len(node.input) and node.input[index] and node.input[index] not in constants:
            yield f"input {index} is no initializer"
    if _key(version) < _key(rules["ignored_inputs"]["until"]):
        for index in rules["ignored_inputs"].get(node.op_type, ()):
            if index < len(node.input) and node.input[index]:
                yield f"input {index} is ignored"
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        value = value.decode() if isinstance(value, bytes) else value
        allowed = rules["allowed_values"].get(node.op_type, {}).get(attribute.name)
        if allowed is not None and value not in allowed:
            yield f"{attribute.name} is {value}, not one of {allowed}"
        ignored = rules["ignored_attributes"]
        if attribute.name in ignored.get(node.op_type, ()) and _key(version) < _key(
            ignored["until"]
        ):
            yield f"{attribute.name} is ignored"


def _key(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _since(entries: dict[str, str | None], version: str) -> str | None:
    """The entry of the newest version that is not newer than this one."""
    known = [v for v in VERSIONS[: VERSIONS.index(version) + 1] if v in entries]
    return entries[known[-1]] if known else None
