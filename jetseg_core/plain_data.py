"""Data from files of unknown origin: values in messages are cut before they are printed, and nesting is bounded."""

from __future__ import annotations

import reprlib
from typing import Any

from jetseg_core.errors import JetSegError

MOST_VALUES = 100_000
"""Values in nested data, those that stand in several places counted in each."""
DEEPEST = 20


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
            if wrong := next((key for key in one if not isinstance(key, str)), None):
                raise JetSegError(f"{where}: the key {short(wrong)} is not a text")
            inner = [(part, f"{where}.{short(key)[1:-1]}", depth + 1) for key, part in one.items()]
        elif isinstance(one, list | tuple):
            inner = [(part, where, depth + 1) for part in one]
        else:
            raise JetSegError(f"{where}: {short(one)}; expected text, numbers, lists or objects")
        if count + len(left) + len(inner) > MOST_VALUES:
            break
        left += inner
    raise JetSegError(f"{place}: more than {MOST_VALUES} values")
