"""Classes from a ``class_dict.csv``, the class file of many data sets whose labels are painted in colors."""

from __future__ import annotations

import csv
from pathlib import Path

from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError

_COLUMNS = ("name", "r", "g", "b")


def read_class_dict(path: str | Path) -> ClassSet:
    """Read a class set from CSV: a header with name, r, g, b, then one class a line, in id order.

    Spaces around fields are dropped, blank lines and further columns passed over. The set takes the name of
    the file's folder, since the file's own is the same everywhere.

    Raises:
        JetSegError: no such file, a missing column, or a value that is not allowed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise JetSegError(f"class file '{path}' cannot be read ({error})") from error
    rows = [[field.strip() for field in row] for row in csv.reader(text.splitlines())]
    lines = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    header = [field.lower() for field in lines[0][1]] if lines else []
    if not set(_COLUMNS) <= set(header):
        raise JetSegError(
            f"'{path}': line 1 is {','.join(header)!r}; expected the columns {','.join(_COLUMNS)}"
        )
    places = [header.index(column) for column in _COLUMNS]
    names, palette = [], []
    for number, row in lines[1:]:
        try:
            name, *color = (row[place] for place in places)
            red, green, blue = (int(part) for part in color)
        except (IndexError, ValueError):
            raise JetSegError(
                f"'{path}': line {number} is {','.join(row)!r}; expected a name and three numbers, 0 to 255"
            ) from None
        names.append(name)
        palette.append((red, green, blue))
    try:
        return ClassSet(path.resolve().parent.name, tuple(names), tuple(palette))
    except JetSegError as error:
        raise JetSegError(f"'{path}': {error}") from error
