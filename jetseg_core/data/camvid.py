"""CamVid (Brostow et al., "Semantic object classes in video", 2009): its standard split, and its 32 classes as 11.

The split and the 11 classes are SegNet's (arXiv 1511.00561).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

CAMVID_SPLITS = ("train", "val", "test")
"""Splits that have a list of names: 367, 101 and 233 of CamVid's 701 frames."""

MERGED_INTO: Mapping[str, tuple[str, ...]] = {
    "Sky": ("Sky",),
    "Building": ("Building", "Archway", "Bridge", "Tunnel", "Wall"),
    "Pole": ("Column_Pole", "TrafficCone"),
    "Road": ("Road", "LaneMkgsDriv", "LaneMkgsNonDriv"),
    "Sidewalk": ("Sidewalk", "ParkingBlock", "RoadShoulder"),
    "Tree": ("Tree", "VegetationMisc"),
    "SignSymbol": ("SignSymbol", "Misc_Text", "TrafficLight"),
    "Fence": ("Fence",),
    "Car": ("Car", "SUVPickupTruck", "Truck_Bus", "Train", "OtherMoving"),
    "Pedestrian": ("Pedestrian", "Child", "CartLuggagePram", "Animal"),
    "Bicyclist": ("Bicyclist", "MotorcycleScooter"),
}
"""The names of CAMVID32 that each of CAMVID11 stands for; Void is in none of them."""

CAMVID11_OF: Mapping[str, str] = {
    part: whole for whole, parts in MERGED_INTO.items() for part in parts
}
"""The name in CAMVID11 of each of CAMVID32 but Void."""


@cache
def camvid_split(split: str) -> frozenset[str]:
    """Names (without suffix) of the frames of one of `CAMVID_SPLITS`."""
    file = files("jetseg_core.data") / "splits" / f"camvid_{split}.txt"
    return frozenset(file.read_text(encoding="utf-8").split())


def is_camvid(name: str) -> bool:
    """True if a frame of this name (without suffix) is one of CamVid's 701."""
    return any(name in camvid_split(split) for split in CAMVID_SPLITS)
