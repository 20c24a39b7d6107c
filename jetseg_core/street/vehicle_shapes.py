"""Side views of the vehicles: what makes a hatchback, a saloon or a bus."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """The side view of a vehicle, facing forward (positive), in metres."""

    outline: tuple[tuple[float, float, float], ...]
    """(forward, up, half width) from the lower front corner over the roof to the lower rear corner."""
    windscreen: int
    """Number of the outline's stretch that is the windscreen."""
    rear_window: int
    """Number of the outline's stretch that is the rear window."""
    windows: tuple[tuple[tuple[float, float], ...], ...]
    """Side windows, corners (forward, up)."""
    belt: float
    """Height of the lower edge of the windows."""
    axles: tuple[float, float]
    """Forward position of the front and rear axle."""
    wheel: float
    """Radius of a wheel."""
    doors: tuple[float, ...]
    """Forward positions of the gaps between the doors."""


HATCHBACK = Shape(
    outline=(
        (1.86, 0.22, 0.74), (1.97, 0.42, 0.76), (1.93, 0.62, 0.78), (1.72, 0.80, 0.80),
        (0.92, 0.97, 0.83), (0.18, 1.40, 0.62), (-0.55, 1.46, 0.61), (-1.45, 1.38, 0.60),
        (-1.86, 0.98, 0.77), (-1.96, 0.72, 0.80), (-1.97, 0.42, 0.79), (-1.88, 0.22, 0.76),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.78, 0.99), (0.14, 1.34), (-0.42, 1.38), (-0.42, 0.97)),
             ((-0.52, 0.97), (-0.52, 1.38), (-1.28, 1.31), (-1.50, 1.02))),
    belt=0.95, axles=(1.22, -1.22), wheel=0.30, doors=(0.80, -0.47, -1.25),
)  # fmt: skip
SALOON = Shape(
    outline=(
        (2.14, 0.22, 0.76), (2.26, 0.42, 0.79), (2.21, 0.62, 0.81), (2.00, 0.78, 0.83),
        (0.90, 0.95, 0.86), (0.18, 1.37, 0.63), (-0.45, 1.43, 0.62), (-1.12, 1.36, 0.62),
        (-1.68, 1.00, 0.80), (-2.14, 0.98, 0.80), (-2.26, 0.72, 0.81), (-2.26, 0.42, 0.80),
        (-2.18, 0.22, 0.78),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.76, 0.97), (0.14, 1.31), (-0.38, 1.35), (-0.38, 0.95)),
             ((-0.48, 0.95), (-0.48, 1.35), (-1.02, 1.29), (-1.42, 1.00))),
    belt=0.94, axles=(1.36, -1.34), wheel=0.31, doors=(0.84, -0.43, -1.30),
)  # fmt: skip
ESTATE = Shape(
    outline=(
        (2.12, 0.24, 0.77), (2.24, 0.44, 0.80), (2.20, 0.64, 0.82), (1.98, 0.82, 0.84),
        (0.95, 1.00, 0.86), (0.30, 1.45, 0.64), (-0.50, 1.52, 0.63), (-1.95, 1.46, 0.62),
        (-2.16, 1.02, 0.79), (-2.24, 0.74, 0.81), (-2.25, 0.44, 0.80), (-2.16, 0.24, 0.78),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.80, 1.02), (0.26, 1.39), (-0.30, 1.44), (-0.30, 1.00)),
             ((-0.40, 1.00), (-0.40, 1.44), (-1.12, 1.43), (-1.12, 1.00)),
             ((-1.22, 1.00), (-1.22, 1.43), (-1.86, 1.39), (-1.98, 1.05))),
    belt=0.98, axles=(1.36, -1.32), wheel=0.33, doors=(0.88, -0.35, -1.17),
)  # fmt: skip
OFFROADER = Shape(
    outline=(
        (2.12, 0.36, 0.80), (2.22, 0.56, 0.84), (2.18, 0.82, 0.86), (2.04, 1.04, 0.87),
        (0.98, 1.16, 0.88), (0.48, 1.70, 0.70), (-0.40, 1.78, 0.70), (-2.05, 1.74, 0.69),
        (-2.18, 1.20, 0.84), (-2.24, 0.84, 0.86), (-2.24, 0.56, 0.85), (-2.14, 0.36, 0.82),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.86, 1.20), (0.46, 1.63), (-0.25, 1.68), (-0.25, 1.18)),
             ((-0.36, 1.18), (-0.36, 1.68), (-1.12, 1.67), (-1.12, 1.18)),
             ((-1.24, 1.18), (-1.24, 1.67), (-1.96, 1.63), (-2.02, 1.22))),
    belt=1.15, axles=(1.35, -1.32), wheel=0.38, doors=(0.92, -0.31, -1.18),
)  # fmt: skip
VAN = Shape(
    outline=(
        (2.36, 0.26, 0.88), (2.46, 0.48, 0.92), (2.42, 0.80, 0.94), (2.26, 1.10, 0.95),
        (1.72, 1.26, 0.95), (1.00, 2.02, 0.82), (0.20, 2.22, 0.82), (-2.36, 2.22, 0.82),
        (-2.46, 1.18, 0.93), (-2.48, 0.80, 0.95), (-2.48, 0.48, 0.94), (-2.42, 0.26, 0.92),
    ),
    windscreen=4, rear_window=7,
    windows=(((1.55, 1.26), (1.02, 1.88), (0.36, 1.88), (0.36, 1.22)),),
    belt=1.20, axles=(1.56, -1.42), wheel=0.34, doors=(1.52, 0.30, -0.85),
)  # fmt: skip
BUS = Shape(
    outline=(
        (4.90, 0.30, 1.18), (5.00, 0.55, 1.22), (5.00, 0.90, 1.24), (4.98, 1.10, 1.25),
        (4.97, 1.30, 1.25), (4.80, 2.60, 1.22), (4.60, 3.00, 1.20), (-4.80, 3.00, 1.20),
        (-4.98, 1.40, 1.25), (-5.00, 0.90, 1.25), (-5.00, 0.55, 1.24), (-4.90, 0.30, 1.20),
    ),
    windscreen=4, rear_window=7,
    windows=tuple(
        ((4.5 - 1.52 * i, 1.35), (4.5 - 1.52 * i, 2.45), (3.1 - 1.52 * i, 2.45), (3.1 - 1.52 * i, 1.35))
        for i in range(6)
    ),
    belt=1.28, axles=(2.9, -2.9), wheel=0.48, doors=(4.7, 3.6),
)  # fmt: skip

SHAPES = (HATCHBACK, SALOON, ESTATE, OFFROADER, VAN, BUS)
