"""Class sets of your own, from YAML or class_dict.csv files, and class sets by the text of an option."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from jetseg_core.classes import CLASS_SETS, UNLABELLED, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import read_text, read_yaml, short

Color = tuple[int, int, int]

CLASSES_HELP = f"{', '.join(CLASS_SETS)}, or the path of a YAML file with `names` and `colors` or of a class_dict.csv"
_COLUMNS = ("name", "r", "g", "b")


def find_classes(text: str) -> ClassSet:
    """The class set of an option: the name of a known set, the path of a YAML or CSV file, or a number of classes.

    Raises:
        JetSegError: the set is unknown, or the file is wrong.
    """
    if text in CLASS_SETS:
        return CLASS_SETS[text]
    if Path(text).suffix in (".yaml", ".yml"):
        return read_classes(text)
    if Path(text).suffix == ".csv":
        return read_class_dict(text)
    try:
        number = int(text)
    except ValueError:
        raise JetSegError(
            f"classes: '{text}' is not one of {', '.join(CLASS_SETS)}, a number of classes, or the path of "
            "a .yaml or .csv file"
        ) from None
    if not 1 <= number <= UNLABELLED:
        raise JetSegError(f"classes: {number} is not one of 1 to {UNLABELLED}")
    names = tuple(f"class {index}" for index in range(number))
    return ClassSet(f"{number} classes", names, distinct_colors(number))


def read_classes(path: str | Path) -> ClassSet:
    """Read a class set from YAML.

    ``names`` lists the class names in id order; ``colors`` (optional) one [red, green, blue] (0 to 255) for each;
    ``name`` (optional) names the set instead of the file's stem.

    Raises:
        JetSegError: the file is missing or not YAML, a field is unknown, or a value is not allowed.
    """
    path = Path(path)
    if not path.exists():
        raise JetSegError(
            f"no class file '{path}': a YAML file with `names` and, if you like, `colors`"
        )
    try:
        data = read_yaml(path)
    except ValueError as error:
        raise JetSegError(f"'{path}' is not a YAML file: {error}") from error
    if not isinstance(data, dict):
        raise JetSegError(
            f"'{path}': a {type(data).__name__}; expected the fields names and colors"
        )
    unknown = sorted(str(key) for key in set(data) - {"name", "names", "colors"})
    if unknown:
        raise JetSegError(f"'{path}': unknown fields {short(unknown)}; known: name, names, colors")
    names = _names(path, data.get("names"))
    colors = data.get("colors")
    palette = distinct_colors(len(names)) if colors is None else _colors(path, colors, names)
    return _class_set(path, str(data.get("name", path.stem)), names, palette)


def write_classes(path: Path, classes: ClassSet) -> None:
    """Write a class set for `read_classes`, in the part of YAML that is JSON."""
    colors = [list(color) for color in classes.palette]
    content = {"name": classes.name, "names": list(classes.names), "colors": colors}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_class_dict(path: str | Path) -> ClassSet:
    """Read a class set from a ``class_dict.csv``, the class file of many data sets with color-coded labels.

    Its header has name, r, g, b; each further line is a class, in id order. Spaces around fields, blank lines and
    other columns are ignored. The set is named after the file's folder, since the file is called the same everywhere.

    Raises:
        JetSegError: the file is missing, lacks a column, or holds a value that is not allowed.
    """
    path = Path(path)
    try:
        text = read_text(path)
    except ValueError as error:
        raise JetSegError(f"class file '{path}' cannot be read ({error})") from error
    try:
        rows = [[field.strip() for field in row] for row in csv.reader(text.splitlines())]
    except csv.Error as error:
        raise JetSegError(f"'{path}': not a CSV file ({error})") from error
    lines = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    header = [field.lower() for field in lines[0][1]] if lines else []
    if not set(_COLUMNS) <= set(header):
        raise JetSegError(
            f"'{path}': line 1 is {short(','.join(header))}; expected the columns {','.join(_COLUMNS)}"
        )
    places = [header.index(column) for column in _COLUMNS]
    names, palette = [], []
    for number, row in lines[1:]:
        try:
            name, *color = (row[place] for place in places)
            red, green, blue = (int(part) for part in color)
        except (IndexError, ValueError):
            raise JetSegError(
                f"'{path}': line {number} is {short(','.join(row))}; expected a name and three numbers, 0 to 255"
            ) from None
        names.append(name)
        palette.append((red, green, blue))
    return _class_set(path, path.resolve().parent.name, tuple(names), tuple(palette))


def distinct_colors(number: int) -> tuple[Color, ...]:
    """Distinct colors for a number of classes (PASCAL VOC's color map without black), the first differing most."""
    return tuple(_voc_color(index + 1) for index in range(number))


def _voc_color(index: int) -> Color:
    # The index's bits in threes: its lowest three become the highest bit of red, green and blue, and so on.
    red = green = blue = 0
    for bit in range(7, -1, -1):
        red |= (index & 1) << bit
        green |= (index >> 1 & 1) << bit
        blue |= (index >> 2 & 1) << bit
        index >>= 3
    return red, green, blue


def _class_set(
    path: Path, name: str, names: tuple[str, ...], palette: tuple[Color, ...]
) -> ClassSet:
    try:
        return ClassSet(name, names, palette)
    except JetSegError as error:
        raise JetSegError(f"'{path}': {error}") from error


def _names(path: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise JetSegError(f"'{path}': names: {short(value)}; expected a list of class names")
    for index, name in enumerate(value):
        if not isinstance(name, str) or not name.strip():
            # YAML reads a bare no, on or 1 as another type than text.
            raise JetSegError(
                f"'{path}': names: {short(name)} at position {index} is not a name; write text, in quotes if need be"
            )
    return tuple(value)


def _colors(path: Path, value: object, names: tuple[str, ...]) -> tuple[Color, ...]:
    if not isinstance(value, list) or len(value) != len(names):
        found = f"{len(value)} of them" if isinstance(value, list) else f"{short(value)}"
        raise JetSegError(
            f"'{path}': colors: {found}; expected a list of {len(names)}, one [red, green, blue] per name"
        )
    for name, color in zip(names, value, strict=True):
        right = isinstance(color, list) and len(color) == 3
        if not right or not all(type(part) is int and 0 <= part <= 255 for part in color):
            raise JetSegError(
                f"'{path}': colors: {short(color)} of '{name}' is not [red, green, blue], each 0 to 255"
            )
    return tuple((red, green, blue) for red, green, blue in value)
