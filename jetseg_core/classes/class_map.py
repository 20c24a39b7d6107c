"""Maps from one class set to another, so that models of different classes can be measured alike."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.classes.class_file import find_classes
from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import short

if TYPE_CHECKING:
    from importlib.abc import Traversable

_FIELDS = ("from", "to", "classes")


@dataclass(frozen=True)
class ClassMap:
    """The class of one set that each class of another stands for."""

    name: str
    source: ClassSet
    target: ClassSet
    lookup_table: np.ndarray
    """(256,) uint8: id of the target for each id of the source; 255 where there is none."""


def find_class_map(text: str) -> ClassMap:
    """A shipped map by its name, or one of your own by the path of its YAML file.

    Its fields ``from`` and ``to`` are class sets as `find_classes` takes them; ``classes`` has a line for each class of
    the first, with the name of one of the second, or null for none.

    Raises:
        JetSegError: no such map, or a field or name in it is wrong.
    """
    path: Path | Traversable = Path(text).expanduser()
    if text in shipped_maps():
        path = _folder() / f"{text}.yaml"
    elif Path(text).suffix not in (".yaml", ".yml") or not path.is_file():
        raise JetSegError(
            f"map: '{text}' is neither a shipped map ({', '.join(shipped_maps())}) nor the path of a YAML file with "
            f"the fields {', '.join(_FIELDS)}"
        )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise JetSegError(f"map '{text}' is not a YAML file: {error}") from error
    if not isinstance(data, dict) or set(data) != set(_FIELDS):
        raise JetSegError(f"map '{text}': {short(data)}; expected the fields {', '.join(_FIELDS)}")
    source, target = find_classes(str(data["from"])), find_classes(str(data["to"]))
    return ClassMap(Path(text).stem, source, target, _table(text, data["classes"], source, target))


def shipped_maps() -> list[str]:
    """Names of the shipped maps."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _folder().iterdir())


def _folder() -> Traversable:
    return files("jetseg_core.classes") / "maps"


def _table(text: str, names: object, source: ClassSet, target: ClassSet) -> np.ndarray:
    if not isinstance(names, dict):
        raise JetSegError(
            f"map '{text}': classes: {short(names)}; expected a line `name of '{source.name}': name of '{target.name}'`"
        )
    missing = [name for name in source.names if name not in names]
    unknown = [name for name in names if name not in source.names]
    wrong = [name for name in names.values() if name is not None and name not in target.names]
    for found, problem in (
        (missing, f"has no line for it, a class of '{source.name}'; null maps it to none"),
        (unknown, f"maps it, but '{source.name}' has the classes {', '.join(source.names)}"),
        (wrong, f"maps to it, but '{target.name}' has the classes {', '.join(target.names)}"),
    ):
        if found:
            raise JetSegError(f"map '{text}': {short(found[0])}: it {problem:.500}")
    table = np.full(256, UNLABELLED, np.uint8)
    for index, name in enumerate(source.names):
        if names[name] is not None:
            table[index] = target.names.index(names[name])
    table.setflags(write=False)
    return table
