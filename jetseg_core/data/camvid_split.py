"""Which frames of CamVid are for training, validation and test: the SegNet tutorial's split, as lists of names.

The frames are of Brostow et al., "Semantic object classes in video" (2009), the split of SegNet (arXiv 1511.00561).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

CAMVID_SPLITS = ("train", "val", "test")
"""The splits that have a list: 367, 101 and 233 of CamVid's 701 frames."""


@cache
def camvid_split(split: str) -> frozenset[str]:
    """Names (without suffix) of the frames of one of `CAMVID_SPLITS`."""
    file = files("jetseg_core.data") / "splits" / f"camvid_{split}.txt"
    return frozenset(file.read_text(encoding="utf-8").split())


def is_camvid(name: str) -> bool:
    """Whether a frame of this name (without suffix) is one of CamVid's 701."""
    return any(name in camvid_split(split) for split in CAMVID_SPLITS)
