"""Bodies made of rounded limbs: the look of people and bicycles from any side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Figure:
    """Limbs are tapered capsules; object axes, metres."""

    label: int
    """Class id of all limbs."""
    ends: np.ndarray
    """(N, 2, 3) the two ends of each limb."""
    radii: np.ndarray
    """(N, 2) radius at each end."""
    slots: np.ndarray
    """(N,) index into the palette."""
    detail: np.ndarray
    """(N,) pixels per metre below which the limb is left out."""
    wheels: np.ndarray
    """(M, 16, 3) points around each wheel; labelled as a whole disc, spokes and gaps alike."""


@dataclass
class FigureBuilder:
    """Collects limbs."""

    label: int
    wheels: list[np.ndarray] = field(default_factory=list)
    _rows: list[tuple[Sequence[float], Sequence[float], float, float, int, float]] = field(
        default_factory=list
    )

    def limb(
        self, start: Sequence[float], end: Sequence[float], radius: float, slot: int, *,
        taper: float = 1.0, detail: float = 0.0,
    ) -> None:  # fmt: skip
        """Adds a limb; its radius at the end is `taper` times the one at the start."""
        self._rows.append((start, end, radius, radius * taper, slot, detail))

    def wheel(self, center: Sequence[float], radius: float) -> None:
        """Adds an upright wheel that rolls along z."""
        angle = np.arange(16) * (np.pi / 8)
        ring = np.column_stack([np.zeros(16), np.sin(angle), np.cos(angle)])
        self.wheels.append(ring * radius + center)

    def build(self) -> Figure:
        """The figure of all limbs added so far."""
        starts, ends, first, last, slots, detail = zip(*self._rows, strict=True)
        return Figure(
            label=self.label,
            ends=np.stack([np.array(starts, float), np.array(ends, float)], axis=1),
            radii=np.stack([np.array(first), np.array(last)], axis=1),
            slots=np.array(slots),
            detail=np.array(detail),
            wheels=np.array(self.wheels).reshape(-1, 16, 3),
        )
