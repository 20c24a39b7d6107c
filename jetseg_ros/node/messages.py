"""ROS messages from fields that are plain data; rclpy copies their pixels only once."""

from __future__ import annotations

import array
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_core.recording.message_fields import Fields, image_fields

_ARRAYS = {"|u1": "B", "|i1": "b", "<f4": "f"}
"""Type codes of the arrays that hold many values in a message, by the type of a numpy array."""


@lru_cache
def message_class(message_type: str) -> type:
    """The generated class of a message type, such as sensor_msgs/msg/Image or sensor_msgs/Image.

    Raises:
        ImportError: the package is not installed.
        AttributeError: it has no such message.
    """
    package, *_, name = message_type.split("/")
    return getattr(import_module(f"{package}.msg"), name)


def to_message(kind: type, fields: Fields, header: Header | None = None) -> Any:
    """A message of a generated class.

    Args:
        kind: the class.
        fields: values by name; nested messages as dictionaries, sequences as lists or 1-D arrays.
        header: used as it is; None for a message without one.
    """
    types = kind.get_fields_and_field_types()  # type: ignore[attr-defined]
    values = {name: _value(types[name], value) for name, value in fields.items()}
    return kind(**values) if header is None else kind(header=header, **values)


def _value(field_type: str, value: Any) -> Any:
    if isinstance(value, dict):
        return to_message(message_class(field_type), value)
    if not field_type.startswith("sequence"):
        return value
    if isinstance(value, np.ndarray):
        # The generated setter takes an array.array of the field's type as it is, and walks any other sequence.
        code = _ARRAYS.get(value.dtype.str)
        if code is None:
            return value.tolist()
        data = array.array(code)
        data.frombytes(np.ascontiguousarray(value).view(np.uint8).data)
        return data
    if value and isinstance(value[0], dict):
        element = message_class(field_type.removeprefix("sequence<").rstrip(">"))
        return [to_message(element, each) for each in value]
    return value


def to_image(pixels: np.ndarray, header: Header) -> Image:
    """A sensor_msgs/Image without row padding.

    Args:
        pixels: (H, W) uint8, sent as mono8, or (H, W, 3) uint8 RGB, sent as rgb8.
        header: used as it is.
    """
    return to_message(Image, image_fields(pixels), header)
