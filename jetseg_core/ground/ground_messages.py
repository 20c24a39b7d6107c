"""Fields of the messages that describe the ground, but their headers: grid, scan and points in the base's frame."""

from __future__ import annotations

import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.ground.free_space import FreeSpace, ScanBearings
from jetseg_core.recording.message_fields import Fields

_FLOAT32, _UINT32 = 7, 6  # of sensor_msgs/PointField
_POINT = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("label", "<u4"),
        ("confidence", "<f4"),
        ("rgb", "<u4"),
    ]
)
"""A point of the cloud. `rgb` is 0x00RRGGBB; RViz wants it under the name of a float32, as PCL packs it."""


def occupancy_grid_fields(found: FreeSpace, ground_z: float = 0.0) -> Fields:
    """nav_msgs/OccupancyGrid.

    Args:
        found: on the ground.
        ground_z: height of the ground in the base's frame, metres.
    """
    grid = found.lookup.grid
    rows, columns = grid.shape
    x, y = grid.origin
    return {
        "info": {
            "resolution": grid.resolution,
            "width": columns,
            "height": rows,
            "origin": {
                "position": {"x": x, "y": y, "z": ground_z},
                "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0},
            },
        },
        "data": found.grid.reshape(-1),
    }


def laser_scan_fields(found: FreeSpace, bearings: ScanBearings) -> Fields:
    """sensor_msgs/LaserScan: distances to the first occupied cell, +inf where all is free, NaN where nothing is known.

    Args:
        found: on the ground.
        bearings: made for the same lookup.
    """
    angles = bearings.angles
    return {
        "angle_min": float(angles[0]),
        "angle_max": float(angles[-1]),
        "angle_increment": float(bearings.increment),
        "time_increment": 0.0,
        "scan_time": 0.0,
        "range_min": bearings.range_min,
        "range_max": bearings.range_max,
        "ranges": found.scan(bearings),
    }


def point_cloud_fields(found: FreeSpace, classes: ClassSet, ground_z: float = 0.0) -> Fields:
    """sensor_msgs/PointCloud2: a point (x, y, z, label, confidence, rgb) for each free or occupied cell.

    Args:
        found: on the ground; its confidence is NaN where it was not given.
        classes: of the labels, for the colors.
        ground_z: height of the ground in the base's frame, metres.
    """
    cells, labels, confidence = found.known_cells()
    points = np.zeros(len(cells), _POINT)
    points["x"], points["y"] = found.lookup.grid.centers[cells].T
    points["z"], points["label"], points["confidence"] = ground_z, labels, confidence
    color = classes.lookup_table.astype(np.uint32)[labels]
    points["rgb"] = color @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    types = {name: _UINT32 if name == "label" else _FLOAT32 for name in _POINT.names or ()}
    return {
        "height": 1,
        "width": len(points),
        "fields": [
            {"name": name, "offset": _POINT.fields[name][1], "datatype": types[name], "count": 1}  # type: ignore[index]
            for name in types
        ],
        "is_bigendian": False,
        "point_step": _POINT.itemsize,
        "row_step": points.nbytes,
        "data": points.view(np.uint8),
        "is_dense": True,
    }
