"""Class ids that the street scene paints, by name (CamVid's 11 classes)."""

from __future__ import annotations

from jetseg_core.classes import CAMVID11, UNLABELLED

(SKY, BUILDING, POLE, ROAD, SIDEWALK, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST) = range(
    len(CAMVID11)
)
NOTHING = UNLABELLED

__all__ = [
    "BICYCLIST", "BUILDING", "CAR", "FENCE", "NOTHING", "PEDESTRIAN", "POLE", "ROAD", "SIDEWALK",
    "SIGN", "SKY", "TREE",
]  # fmt: skip
