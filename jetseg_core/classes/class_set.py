"""Sets of classes, with names and colors as data, and the known sets."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import check_plain, short

UNLABELLED = 255
"""Value of a label pixel that belongs to no class (void in ground truth, hidden or uncertain in output)."""

LONGEST_NAME = 255
"""Characters of the name of a class or of a set."""


@dataclass(frozen=True)
class ClassSet:
    """An ordered set of classes; a class id is its position.

    Raises:
        JetSegError: there are no classes or more than 255, a name is repeated or cannot be printed, or the palette does
            not fit.
    """

    name: str
    """Short name of the set, such as ``camvid11``."""
    names: tuple[str, ...]
    """Class names in id order."""
    palette: tuple[tuple[int, int, int], ...]
    """One RGB color (0..255 each) per class, in id order."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= UNLABELLED:
            raise JetSegError(
                f"class set '{self.name}': names: {len(self.names)} classes; a label image (uint8, 255 = "
                "unlabelled) holds 1 to 255 of them"
            )
        if self.name != "" and not _is_name(self.name):
            raise JetSegError(f"class set: the name {short(self.name)} cannot be printed")
        for name in self.names:
            if not _is_name(name):
                raise JetSegError(
                    f"class set '{self.name}': the name {short(name)}; expected 1 to {LONGEST_NAME} characters "
                    "of text without control characters"
                )
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise JetSegError(
                f"class set '{self.name}': names: {repeated} repeated; they must differ"
            )
        if len(self.palette) != len(self.names):
            raise JetSegError(
                f"class set '{self.name}': palette: {len(self.palette)} colors for "
                f"{len(self.names)} classes; give one RGB triple per class"
            )
        for name, color in zip(self.names, self.palette, strict=True):
            if len(color) != 3 or not all(type(v) is int and 0 <= v <= 255 for v in color):
                raise JetSegError(
                    f"class set '{self.name}': palette: {short(color)} of '{name}' is not three values 0..255"
                )

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def lookup_table(self) -> np.ndarray:
        """Color of every possible label value: (256, 3) uint8 RGB; values without a class are black."""
        table = np.zeros((256, 3), np.uint8)
        table[: len(self)] = self.palette
        table.setflags(write=False)
        return table

    def to_dict(self) -> dict[str, object]:
        """Plain data (lists and strings) for checkpoints and JSON."""
        return {
            "name": self.name,
            "names": list(self.names),
            "palette": [list(color) for color in self.palette],
        }

    @classmethod
    def from_dict(cls, data: object) -> ClassSet:
        """Inverse of `to_dict`.

        Raises:
            JetSegError: the data is not of that form.
        """
        check_plain(data, "class set")
        if not isinstance(data, dict) or not data.keys() >= {"name", "names", "palette"}:
            raise JetSegError(f"class set: {short(data)}; expected name, names and palette")
        names, palette = data["names"], data["palette"]
        for key, values in (("names", names), ("palette", palette)):
            if not isinstance(values, list | tuple):
                raise JetSegError(f"class set: {key}: {short(values)}; expected a list")
        if wrong := [color for color in palette if not isinstance(color, list | tuple)]:
            raise JetSegError(f"class set: palette: {short(wrong[0])}; expected red, green, blue")
        return cls(data["name"], tuple(names), tuple((*color,) for color in palette))


def _is_name(name: object) -> bool:
    """True for text that can be printed and sent: no control characters, no lone surrogates."""
    return (
        isinstance(name, str)
        and 1 <= len(name) <= LONGEST_NAME
        and not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    )


def _shipped(name: str) -> ClassSet:
    """The set in ``sets/<name>.csv``: a line for each class in id order, after the header name,r,g,b."""
    text = (files("jetseg_core.classes") / "sets" / f"{name}.csv").read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines())
    return ClassSet(
        name,
        tuple(row[0] for row in rows),
        tuple((int(red), int(green), int(blue)) for _, red, green, blue in rows),
    )


CAMVID11 = _shipped("camvid11")
"""CamVid's 11 classes in the order and colors of the SegNet tutorial, in which results are usually reported."""

CAMVID32 = _shipped("camvid32")
"""All 32 classes of CamVid, Void included, in the order and colors of its ``label_colors.txt``. The paper's figures are
for this number of classes (section 3)."""

CITYSCAPES19 = _shipped("cityscapes19")
"""Cityscapes' 19 evaluated classes by train id, in the data set's own colors (cityscapesScripts, ``labels.py``)."""

ADE20K150 = _shipped("ade20k150")
"""The 150 classes of the scene parsing benchmark on ADE20K in its order and colors (CSAILVision,
semantic-segmentation-pytorch: ``object150_info.csv``, ``color150.mat``). Road and skyscraper share a color there."""

PASCAL21 = _shipped("pascal21")
"""PASCAL VOC's 20 classes after the background, in the colors of its color map."""

COCOSTUFF171 = _shipped("cocostuff171")
"""COCO-Stuff's 80 things and 91 stuff classes in the order of its ``labels.txt`` (nightrome/cocostuff) without the 11
that have no pixels. It has no official colors; these are PASCAL VOC's color map."""

CLASS_SETS: Mapping[str, ClassSet] = {
    classes.name: classes
    for classes in (CAMVID11, CAMVID32, CITYSCAPES19, ADE20K150, PASCAL21, COCOSTUFF171)
}
"""The known sets by name; `jetseg_core.classes.class_file` reads others from files."""
