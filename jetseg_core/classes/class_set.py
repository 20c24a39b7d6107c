"""Sets of classes, with names and colors as data, and the known sets."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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


def _of(name: str, colors: dict[str, tuple[int, int, int]]) -> ClassSet:
    return ClassSet(name, tuple(colors), tuple(colors.values()))


CAMVID11 = _of(
    "camvid11",
    {
        "Sky": (128, 128, 128),
        "Building": (128, 0, 0),
        "Pole": (192, 192, 128),
        "Road": (128, 64, 128),
        "Sidewalk": (0, 0, 192),
        "Tree": (128, 128, 0),
        "SignSymbol": (192, 128, 128),
        "Fence": (64, 64, 128),
        "Car": (64, 0, 128),
        "Pedestrian": (64, 64, 0),
        "Bicyclist": (0, 128, 192),
    },
)
"""CamVid's 11 classes in the order and colors of the SegNet tutorial, in which results are usually reported."""

CAMVID32 = _of(
    "camvid32",
    {
        "Animal": (64, 128, 64),
        "Archway": (192, 0, 128),
        "Bicyclist": (0, 128, 192),
        "Bridge": (0, 128, 64),
        "Building": (128, 0, 0),
        "Car": (64, 0, 128),
        "CartLuggagePram": (64, 0, 192),
        "Child": (192, 128, 64),
        "Column_Pole": (192, 192, 128),
        "Fence": (64, 64, 128),
        "LaneMkgsDriv": (128, 0, 192),
        "LaneMkgsNonDriv": (192, 0, 64),
        "Misc_Text": (128, 128, 64),
        "MotorcycleScooter": (192, 0, 192),
        "OtherMoving": (128, 64, 64),
        "ParkingBlock": (64, 192, 128),
        "Pedestrian": (64, 64, 0),
        "Road": (128, 64, 128),
        "RoadShoulder": (128, 128, 192),
        "Sidewalk": (0, 0, 192),
        "SignSymbol": (192, 128, 128),
        "Sky": (128, 128, 128),
        "SUVPickupTruck": (64, 128, 192),
        "TrafficCone": (0, 0, 64),
        "TrafficLight": (0, 64, 64),
        "Train": (192, 64, 128),
        "Tree": (128, 128, 0),
        "Truck_Bus": (192, 128, 192),
        "Tunnel": (64, 0, 64),
        "VegetationMisc": (192, 192, 0),
        "Void": (0, 0, 0),
        "Wall": (64, 192, 0),
    },
)
"""All 32 classes of CamVid, Void included, in the order and colors of its ``label_colors.txt``. The paper's figures are
for this number of classes (section 3)."""

CITYSCAPES19 = _of(
    "cityscapes19",
    {
        "road": (128, 64, 128),
        "sidewalk": (244, 35, 232),
        "building": (70, 70, 70),
        "wall": (102, 102, 156),
        "fence": (190, 153, 153),
        "pole": (153, 153, 153),
        "traffic light": (250, 170, 30),
        "traffic sign": (220, 220, 0),
        "vegetation": (107, 142, 35),
        "terrain": (152, 251, 152),
        "sky": (70, 130, 180),
        "person": (220, 20, 60),
        "rider": (255, 0, 0),
        "car": (0, 0, 142),
        "truck": (0, 0, 70),
        "bus": (0, 60, 100),
        "train": (0, 80, 100),
        "motorcycle": (0, 0, 230),
        "bicycle": (119, 11, 32),
    },
)
"""Cityscapes' 19 evaluated classes by train id, in the data set's own colors."""

CLASS_SETS: Mapping[str, ClassSet] = {
    classes.name: classes for classes in (CAMVID11, CAMVID32, CITYSCAPES19)
}
"""The known sets by name; `jetseg_core.classes.class_file` reads others from files."""
