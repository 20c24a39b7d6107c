"""How CamVid's 32 classes become the 11 that results are reported in.

The 11 classes are those of SegNet (arXiv 1511.00561), merged from the 32 of CamVid (Brostow et al. 2009).
"""

from __future__ import annotations

from collections.abc import Mapping

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
"""The same the other way round."""
