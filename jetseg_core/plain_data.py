"""Data from files of unknown origin: bounds on size and nesting, and values in messages cut before they are printed."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any

import yaml

from jetseg_core.errors import JetSegError

MOST_VALUES = 100_000
"""Values in nested data, those that stand in several places counted in each."""
DEEPEST = 20
MOST_BYTES = 1 << 20
"""Size of a text file that is read at once."""


class _ShortRepr(reprlib.Repr):
    """`repr` of a few elements on two levels; of anything but plain data only the type is named."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = 4
        self.maxstring = 80

    def repr_int(self, value: int, level: int) -> str:
        # Python refuses to print numbers of more than 4300 digits.
        return (
            repr(value) if value.bit_length() < 200 else f"an integer of {value.bit_length()} bits"
        )

    def repr_instance(self, value: object, level: int) -> str:
        if value is None or isinstance(value, bool | float):
            return repr(value)
        return f"a {type(value).__name__}"


def short(value: object) -> str:
    """A value as Python writes it, for a message.

    The cost is small however large or nested the value is, as where a YAML file repeats an alias of aliases.
    """
    return _ShortRepr().repr(value)


def check_plain(value: Any, place: str) -> None:
    """Raise if a value is not of dictionaries, lists, texts, numbers, true, false and None alone, as JSON has them.

    Args:
        value: anything; tuples count as lists.
        place: its name, for the error.

    Raises:
        JetSegError: another type, a key that is no text, more than `DEEPEST` levels (as in a cycle) or more than
            `MOST_VALUES` values.
    """
    left = [(value, place, 0)]
    for count in range(MOST_VALUES + 1):
        if not left:
            return
        one, where, depth = left.pop()
        if one is None or isinstance(one, str | bool | int | float):
            continue
        if depth == DEEPEST:
            raise JetSegError(f"{place}: nested more than {DEEPEST} levels deep, or in a cycle")
        if isinstance(one, dict):
            if wrong := [key for key in one if not isinstance(key, str)]:
                raise JetSegError(f"{where}: the key {short(wrong[0])} is not a text")
            inner = [(part, f"{where}.{short(key)[1:-1]}", depth + 1) for key, part in one.items()]
        elif isinstance(one, list | tuple):
            inner = [(part, where, depth + 1) for part in one]
        else:
            raise JetSegError(f"{where}: {short(one)}; expected text, numbers, lists or objects")
        if count + len(left) + len(inner) > MOST_VALUES:
            break
        left += inner
    raise JetSegError(f"{place}: more than {MOST_VALUES} values")


def read_text(path: Path) -> str:
    """The text of a small file, UTF-8 with or without a byte order mark.

    Raises:
        ValueError: no file there, or one without an end such as a device or a pipe, or a large one, or no UTF-8.
    """
    try:
        if not path.is_file():
            raise ValueError("it is no ordinary file" if path.exists() else "no such file")
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.stat().st_size} bytes; expected {MOST_BYTES} or less")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(error.strerror) from error


def read_yaml(path: Path) -> object:
    """The content of a small YAML file.

    Raises:
        ValueError: see `read_text`; or it is not YAML, is nested too deeply, or has an alias, of which a few lines can
            stand for gigabytes.
    """
    try:
        return yaml.load(read_text(path), _LoaderWithoutAliases)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{' '.join(str(error).split()):.300}") from error


class _LoaderWithoutAliases(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1
            raise yaml.YAMLError(f"line {line}: an alias; write the value out")
        return super().compose_node(parent, index)
