"""Solids made of flat faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Points = Sequence[Sequence[float]] | np.ndarray


@dataclass(frozen=True)
class Mesh:
    """Faces in the order in which they are painted; object axes, metres."""

    vertices: np.ndarray
    """(V, 3)."""
    starts: np.ndarray
    """(F + 1,) where in the vertices each face begins and the last one ends."""
    normals: np.ndarray
    """(F, 3) unit vectors out of the solid."""
    slots: np.ndarray
    """(F,) index into the palette."""
    labels: np.ndarray
    """(F,) class id, -1 for details that lie on a face painted before."""
    detail: np.ndarray
    """(F,) pixels per metre below which the face is left out."""
    gloss: np.ndarray
    """(F, 1) factor on the light: folds, creases and reflections."""
    glow: np.ndarray
    """(F, 1) light of the face itself, 0 to 255."""


@dataclass
class MeshBuilder:
    """Collects faces."""

    label: int
    """Class id of the faces that are not details."""
    _points: list[np.ndarray] = field(default_factory=list)
    _rows: list[tuple[np.ndarray, int, int, float, float, float]] = field(default_factory=list)

    def face(
        self, points: Points, outward: Sequence[float] | np.ndarray, slot: int, *, decal: bool = False,
        detail: float = 0.0, gloss: float = 1.0, glow: float = 0.0,
    ) -> None:  # fmt: skip
        """Adds a flat face whose visible side is the one that `outward` points to."""
        corners = np.asarray(points, float)
        # Newell's method: the mean of all corners, as large faces are not perfectly flat.
        around = corners - corners.mean(0)
        normal = np.cross(around, np.roll(around, -1, axis=0)).sum(0)
        normal /= np.linalg.norm(normal) + 1e-12
        if normal @ np.asarray(outward, float) < 0:
            normal = -normal
        self._points.append(corners)
        self._rows.append((normal, slot, -1 if decal else self.label, detail, gloss, glow))

    def box(
        self, low: Sequence[float], high: Sequence[float], slot: int, *, decal: bool = False,
        detail: float = 0.0, gloss: float = 1.0,
    ) -> None:  # fmt: skip
        """Adds the six sides of an upright box between two opposite corners."""
        for axis in range(3):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            for value, sign in ((low[axis], -1.0), (high[axis], 1.0)):
                corners = np.full((4, 3), value, float)
                corners[:, a] = [low[a], high[a], high[a], low[a]]
                corners[:, b] = [low[b], low[b], high[b], high[b]]
                outward = np.zeros(3)
                outward[axis] = sign
                self.face(corners, outward, slot, decal=decal, detail=detail, gloss=gloss)

    def disc(
        self, center: Sequence[float], radius: float, normal_x: float, slot: int, *,
        corners: int = 14, decal: bool = False, detail: float = 0.0, gloss: float = 1.0,
    ) -> None:  # fmt: skip
        """Adds a disc that faces along x (-1 or 1), such as a wheel."""
        angle = np.arange(corners) * (2 * np.pi / corners)
        ring = np.column_stack([np.zeros(corners), np.sin(angle), np.cos(angle)]) * radius
        self.face(ring + center, (normal_x, 0, 0), slot, decal=decal, detail=detail, gloss=gloss)

    def build(self) -> Mesh:
        """The mesh of all faces added so far."""
        starts = np.cumsum([0] + [len(points) for points in self._points])
        normals, slots, labels, detail, gloss, glow = zip(*self._rows, strict=True)
        return Mesh(
            vertices=np.concatenate(self._points),
            starts=starts,
            normals=np.array(normals),
            slots=np.array(slots),
            labels=np.array(labels),
            detail=np.array(detail),
            gloss=np.array(gloss)[:, None],
            glow=np.array(glow)[:, None],
        )
