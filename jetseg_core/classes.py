"""Class names and colors: data, never code, so that a model of other classes needs no change here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jetseg_core.errors import JetSegError

UNLABELLED = 255
"""Value of a label pixel that belongs to no class (void in ground truth, hidden or uncertain in output)."""


@dataclass(frozen=True)
class ClassSet:
    """An ordered set of classes; a class id is its position.

    Raises:
        JetSegError: no class, more than 255, repeated names, or a palette that does not fit.
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
                f"class set '{self.name}': {len(self.names)} classes; a label image (uint8, 255 = "
                "unlabelled) holds 1 to 255 of them"
            )
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise JetSegError(f"class set '{self.name}': names must differ, repeated: {repeated}")
        if len(self.palette) != len(self.names):
            raise JetSegError(
                f"class set '{self.name}': palette has {len(self.palette)} colors for "
                f"{len(self.names)} classes; give one RGB triple per class"
            )
        for name, color in zip(self.names, self.palette, strict=True):
            if len(color) != 3 or not all(0 <= value <= 255 for value in color):
                raise JetSegError(
                    f"class set '{self.name}': color {color} of '{name}' is not three values 0..255"
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
        try:
            assert isinstance(data, dict)
            return cls(
                name=str(data["name"]),
                names=tuple(str(name) for name in data["names"]),
                palette=tuple((int(r), int(g), int(b)) for r, g, b in data["palette"]),
            )
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            raise JetSegError(
                f"not a class set (name, names, palette of RGB triples): {data!r:.200}"
            ) from error


# Order and colors of the SegNet tutorial's CamVid, the form in which the 11 classes are reported.
_CAMVID11_COLORS = {
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
}
CAMVID11 = ClassSet("camvid11", tuple(_CAMVID11_COLORS), tuple(_CAMVID11_COLORS.values()))
