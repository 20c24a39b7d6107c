"""Dataclasses as JSON objects, and back with a check of every value.

A field whose default is None is left out of the object while it is None. A dictionary that is declared with
``field(metadata=FLAT)`` holds the entries of the object that no other field has.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from jetseg_core.plain_data import short

FLAT = {"flat": True}
_WORDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
_hints = lru_cache(get_type_hints)


def to_plain(value: Any) -> Any:
    """Dictionaries, lists, numbers and strings from a dataclass, or from anything that holds dataclasses."""
    if isinstance(value, dict):
        return {key: to_plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(content) for content in value]
    if not is_dataclass(value):
        return value
    plain: dict[str, Any] = {}
    for field in fields(value):
        content = getattr(value, field.name)
        if field.metadata == FLAT:
            plain |= to_plain(content)
        elif content is not None or field.default is not None:
            plain[field.name] = to_plain(content)
    return plain


def from_plain(kind: Any, value: Any, place: str = "") -> Any:
    """Inverse of `to_plain`.

    Args:
        kind: a dataclass, a plain type, a list or dictionary of those, or a union of one of them with None.
        value: what was read.
        place: its place in the file, for the error.

    Raises:
        ValueError: a value is missing or has another type; the message names its place.
    """
    if kind is Any:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        inner = next(argument for argument in arguments if argument is not NoneType)
        return None if value is None else from_plain(inner, value, place)
    wanted: Any = dict if is_dataclass(kind) else (int, float) if kind is float else origin or kind
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        expected = _WORDS.get(wanted, "a number")
        raise ValueError(f"{place or 'the file'}: {short(value)}; expected {expected}")
    if origin is list:
        return [from_plain(arguments[0], one, f"{place}[{i}]") for i, one in enumerate(value)]
    if origin is dict:
        return {key: from_plain(arguments[1], one, _join(place, key)) for key, one in value.items()}
    return _from_object(kind, value, place) if is_dataclass(kind) else value


def _from_object(kind: Any, plain: dict[str, Any], place: str) -> Any:
    if hasattr(kind, "from_dict"):  # it checks its values itself
        return kind.from_dict(plain)
    names = [field.name for field in fields(kind)]
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.metadata == FLAT:
            others = {key: one for key, one in plain.items() if key not in names}
            values[field.name] = from_plain(_hints(kind)[field.name], others, place)
        elif field.name in plain:
            inner, where = _hints(kind)[field.name], _join(place, field.name)
            values[field.name] = from_plain(inner, plain[field.name], where)
        elif field.default is MISSING:
            raise ValueError(f"{_join(place, field.name)} is missing")
    return kind(**values)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
