"""Counts of the values in label images, which show labels that were made for other classes."""

from __future__ import annotations

from collections import Counter

import numpy as np

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.errors import JetSegError

_NAMED = 20
"""Values that a message names, the most frequent first."""
_KEPT = 1000
"""Colors without a class that are kept; a photograph has more."""


class LabelTally:
    """Pixels of each value in label images as written, before values without a class become void.

    Args:
        classes: class set of the labels.
    """

    def __init__(self, classes: ClassSet) -> None:
        self.classes = classes
        self.class_pixels = np.zeros(len(classes), np.int64)
        """(C,) pixels of each class."""
        self.pixels = 0
        """All pixels."""
        self._painted = False
        self._others: Counter[int] = Counter()

    def add_ids(self, ids: np.ndarray) -> None:
        """Count a gray label image, (H, W) uint8."""
        counts = np.bincount(ids.ravel(), minlength=256)
        self._add(counts[: len(self.classes)], ids.size)
        for value in np.flatnonzero(counts[len(self.classes) :]) + len(self.classes):
            self._others[int(value)] += int(counts[value])

    def add_colors(self, colors: np.ndarray, ids: np.ndarray) -> None:
        """Count a label image in colors.

        Args:
            colors: (H, W) uint32, 0xRRGGBB.
            ids: (H, W) uint8 class ids of these colors, 255 where there is none.
        """
        self._painted = True
        self._add(np.bincount(ids.ravel(), minlength=256)[: len(self.classes)], ids.size)
        values, counts = np.unique(colors[ids == UNLABELLED], return_counts=True)
        self._others.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if len(self._others) > 2 * _KEPT:
            self._others = Counter(dict(self._others.most_common(_KEPT)))

    def check(self, labels: str) -> None:
        """Raise if no accuracy would mean anything.

        Args:
            labels: name of the labels, for the error.

        Raises:
            JetSegError: fewer than two classes have a pixel, as where a mask of 0 and 255 is taken for class ids. The
                only class of a set of one needs one.
        """
        if self.fault:
            raise JetSegError(
                f"{labels}: {self.fault}; name the data's classes with --classes, or rewrite the labels (a mask of "
                "0 and 255 wants 0 and 1)"
            )

    @property
    def fault(self) -> str:
        """The reason why no accuracy would mean anything; "" if there is none."""
        occurring = np.count_nonzero(self.class_pixels)
        if occurring >= min(2, len(self.classes)):
            return ""
        count = "a single class" if occurring else "no class"
        return f"the labels hold pixels of {count}; {self._found()}"

    def warnings(self) -> list[str]:
        """A remark if most pixels are of no class."""
        known = int(self.class_pixels.sum())
        if known >= self.pixels / 2:
            return []
        return [
            f"{100 - 100 * known / self.pixels:.1f} % of the pixels are of no class; {self._found()}"
        ]

    def missing(self) -> list[str]:
        """A remark on the classes that have no pixel."""
        names = [n for n, p in zip(self.classes.names, self.class_pixels, strict=True) if not p]
        return [f"no pixel of {', '.join(names)}; {self._found()}"] if names else []

    def _add(self, class_pixels: np.ndarray, pixels: int) -> None:
        self.class_pixels += class_pixels
        self.pixels += pixels

    def _found(self) -> str:
        """The values that were found and how often, and those expected."""
        shares = {self._text(value): count for value, count in self._others.items()}
        for index, name in enumerate(self.classes.names):
            shares[name if self._painted else f"{index} ({name})"] = int(self.class_pixels[index])
        found = [
            f"{value}: {100 * count / max(1, self.pixels):.1f} %"
            for value, count in Counter(shares).most_common(_NAMED)
            if count
        ]
        return (
            f"values found: {', '.join(found)}; expected ids 0 to {len(self.classes) - 1}, 255 for void, or the "
            "colors of the classes"
        )

    def _text(self, value: int) -> str:
        if not self._painted:
            return str(value)
        return f"color ({value >> 16}, {value >> 8 & 255}, {value & 255})"
