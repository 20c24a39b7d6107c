"""Class sets of your own, from a YAML file, and the sets that a command line may name."""

from __future__ import annotations

from pathlib import Path

import yaml

from jetseg_core.classes import CLASS_SETS, UNLABELLED, ClassSet
from jetseg_core.classes.class_dict import read_class_dict
from jetseg_core.errors import JetSegError

Color = tuple[int, int, int]

CLASSES_HELP = f"{', '.join(CLASS_SETS)}, or the path of a YAML file with `names` and `colors` or of a class_dict.csv"


def find_classes(text: str) -> ClassSet:
    """A known set by its name, any set by the path of its YAML or CSV file, or just so many classes by their number.

    Raises:
        JetSegError: no such set, or the file is wrong.
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

    ``names`` lists the class names in id order; ``colors``, where given, one [red, green, blue] (0 to 255) for
    each; ``name``, where given, names the set instead of the file's stem.

    Raises:
        JetSegError: no such file, not YAML, an unknown field, or a value that is not allowed.
    """
    path = Path(path)
    if not path.is_file():
        raise JetSegError(
            f"no class file '{path}': a YAML file with `names` and, if you like, `colors`"
        )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise JetSegError(f"'{path}' is not a YAML file: {error}") from error
    if not isinstance(data, dict):
        raise JetSegError(
            f"'{path}': a {type(data).__name__}; expected the fields names and colors"
        )
    unknown = sorted(str(key) for key in set(data) - {"name", "names", "colors"})
    if unknown:
        raise JetSegError(f"'{path}': unknown fields {unknown}; known: name, names, colors")
    names = _names(path, data.get("names"))
    colors = data.get("colors")
    palette = distinct_colors(len(names)) if colors is None else _colors(path, colors, names)
    try:
        return ClassSet(str(data.get("name", path.stem)), names, palette)
    except JetSegError as error:
        raise JetSegError(f"'{path}': {error}") from error


def distinct_colors(number: int) -> tuple[Color, ...]:
    """So many different colors, none of them black, the first the easiest to tell apart (PASCAL VOC's color map)."""
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


def _names(path: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise JetSegError(f"'{path}': names: {value!r:.80}; expected a list of class names")
    for index, name in enumerate(value):
        if not isinstance(name, str) or not name.strip():
            # YAML reads a bare no, on or 1 as something else than text.
            raise JetSegError(
                f"'{path}': names: {name!r} at position {index} is not a name; write text, in quotes if need be"
            )
    return tuple(value)


def _colors(path: Path, value: object, names: tuple[str, ...]) -> tuple[Color, ...]:
    if not isinstance(value, list) or len(value) != len(names):
        found = f"{len(value)} of them" if isinstance(value, list) else f"{value!r:.80}"
        raise JetSegError(
            f"'{path}': colors: {found}; expected a list of {len(names)}, one [red, green, blue] per name"
        )
    for name, color in zip(names, value, strict=True):
        right = isinstance(color, list) and len(color) == 3
        if not right or not all(type(part) is int and 0 <= part <= 255 for part in color):
            raise JetSegError(
                f"'{path}': colors: {color!r:.80} of '{name}' is not [red, green, blue], each 0 to 255"
            )
    return tuple((red, green, blue) for red, green, blue in value)
