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


def outlines(centers: np.ndarray, radii: np.ndarray, corners: int) -> np.ndarray:
    """The outlines (N, 2 * corners, 2) of N pairs of circles (N, 2, 2), (N, 2) and what is between."""
    half_turn = np.linspace(-np.pi / 2, np.pi / 2, corners)
    step = centers[:, 1] - centers[:, 0]
    angle = np.arctan2(step[:, 1], step[:, 0])[:, None]
    turn = np.concatenate([half_turn + np.pi + angle, half_turn + angle], axis=1)
    rounded = np.stack([np.cos(turn), np.sin(turn)], axis=2)
    return np.repeat(centers, corners, axis=1) + rounded * np.repeat(radii, corners, 1)[:, :, None]
