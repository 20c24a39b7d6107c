"""Time of a frame of the ground node's work, and a picture of it: ``python -m jetseg_core.bench.ground_bench``.

On the generated street, whose camera is known exactly. Messages are made up to their fields, without DDS.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.bench.machine import describe_processor
from jetseg_core.classes import CAMVID11
from jetseg_core.cli.options import read_size
from jetseg_core.errors import JetSegError
from jetseg_core.ground import CameraPose, ClassRoles, FreeSpace, GroundGrid, GroundLookup, Lens
from jetseg_core.ground.free_space import FREE, OCCUPIED, ScanBearings
from jetseg_core.ground.ground_messages import (
    laser_scan_fields,
    occupancy_grid_fields,
    point_cloud_fields,
)
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.street import StreetScene

COLORS = {FREE: (60, 190, 90), OCCUPIED: (225, 60, 50)}
"""RGB of cells in the picture; unknown ones are not drawn."""
SCAN_COLOR = (20, 60, 235)


def street_view(
    size: tuple[int, int], frame: int
) -> tuple[np.ndarray, np.ndarray, Lens, CameraPose]:
    """Image, true labels, lens and pose of a frame of the generated street."""
    street = StreetScene(seed=0, size=size)
    camera = street.camera(frame)
    pose = CameraPose.of_angles(float(camera.position[1]), -camera.pitch, camera.roll, -camera.yaw)
    return *street.render(frame), Lens(size, camera.intrinsics), pose


def measure_ground(size: tuple[int, int], grid: GroundGrid, frames: int) -> dict[str, object]:
    """Milliseconds by output, medians and 95th percentiles, and of making the look-up table, once.

    Args:
        size: (height, width) of the labels.
        grid: the cells.
        frames: number of runs.
    """
    _, labels, lens, pose = street_view(size, 0)
    confidence = np.full(labels.shape, 230, np.uint8)
    began = time.perf_counter()
    lookup = GroundLookup(lens, pose, grid)
    bearings = ScanBearings(lookup)
    table_ms = 1e3 * (time.perf_counter() - began)
    roles = ClassRoles(CAMVID11.names)

    def grid_alone() -> None:
        occupancy_grid_fields(FreeSpace(lookup, roles, labels))

    def grid_and_scan() -> None:
        found = FreeSpace(lookup, roles, labels)
        occupancy_grid_fields(found), laser_scan_fields(found, bearings)

    def everything() -> None:
        found = FreeSpace(lookup, roles, labels, confidence, min_confidence=0.5)
        occupancy_grid_fields(found), laser_scan_fields(found, bearings)
        point_cloud_fields(found, CAMVID11)

    times: dict[str, list[float]] = {}
    for work in (grid_alone, grid_and_scan, everything):
        work()
    for _ in range(frames):  # in turns, so that a busy second meets all of them
        for work in (grid_alone, grid_and_scan, everything):
            began = time.perf_counter()
            work()
            times.setdefault(work.__name__, []).append(1e3 * (time.perf_counter() - began))
    percentiles = {
        name: {
            "median_ms": round(float(np.median(t)), 3),
            "p95_ms": round(float(np.percentile(t, 95)), 3),
        }
        for name, t in times.items()
    }
    return {
        "processor": describe_processor(),
        "size": list(size),
        "cells": grid.cells,
        "samples": lookup.pixels.size,
        "table_ms": round(table_ms, 1),
        **percentiles,
    }


def draw_ground(image: np.ndarray, found: FreeSpace, bearings: ScanBearings) -> np.ndarray:
    """The cells over the image, and beside it the grid from above with the scan.

    Args:
        image: (H, W, 3) uint8 RGB.
        found: of its labels.
        bearings: of the same lookup.

    Returns:
        (H, W + w, 3) uint8 RGB.
    """
    return np.hstack([_over_image(image, found), _from_above(image.shape[0], found, bearings)])


def _over_image(image: np.ndarray, found: FreeSpace) -> np.ndarray:
    grid, lookup, painted = found.lookup.grid, found.lookup, image.copy()
    half = grid.resolution * 0.46
    for value, color in COLORS.items():
        centers = grid.centers[found.grid.reshape(-1) == value]
        corners = [
            np.column_stack([centers + offset, np.zeros(len(centers))])
            for offset in ((-half, -half), (half, -half), (half, half), (-half, half))
        ]
        pixels = np.stack([lookup.lens.project(lookup.pose.to_camera(c)) for c in corners], axis=1)
        pixels = pixels[np.isfinite(pixels).all(axis=(1, 2))]
        cv2.fillPoly(painted, list(np.rint(pixels * 16).astype(np.int32)), color, cv2.LINE_AA, 4)
    return cv2.addWeighted(image, 0.45, painted, 0.55, 0)


def _from_above(height: int, found: FreeSpace, bearings: ScanBearings) -> np.ndarray:
    grid = found.lookup.grid
    scale = height / (
        grid.shape[1] * grid.resolution
    )  # pixels per metre; forward is up, left is left
    colors = np.full((*grid.shape, 3), 205, np.uint8)
    for value, color in COLORS.items():
        colors[found.grid == value] = color
    picture = np.ascontiguousarray(colors.transpose(1, 0, 2)[::-1, ::-1])
    width = round(scale * grid.shape[0] * grid.resolution)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_NEAREST)
    x0, y0 = grid.origin

    def pixel(x: float, y: float) -> tuple[int, int]:
        return round(width - (y - y0) * scale), round(height - (x - x0) * scale)

    for metres in range(2, int(grid.length) + 1, 2):
        cv2.circle(picture, pixel(0, 0), round(metres * scale), (150, 150, 150), 1, cv2.LINE_AA)
        place = pixel(metres - 0.3, y0 + grid.width - 0.9)
        cv2.putText(
            picture,
            f"{metres} m",
            place,
            cv2.FONT_HERSHEY_SIMPLEX,
            0.4,
            (60, 60, 60),
            1,
            cv2.LINE_AA,
        )
    ranges = found.scan(bearings)
    for distance, angle in zip(ranges, bearings.angles, strict=True):
        if np.isfinite(distance):
            place = pixel(distance * np.cos(angle), distance * np.sin(angle))
            cv2.circle(picture, place, 2, SCAN_COLOR, -1, cv2.LINE_AA)
    return picture


def _write_png(file: Path, picture: np.ndarray) -> None:
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    with replacing(file) as partial:
        partial.write_bytes(encoded.tobytes())


def main(arguments: list[str] | None = None) -> int:
    """Print the times, and draw the picture if asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="ground_bench", description=__doc__)
    parser.add_argument(
        "--image",
        default="640x480",
        metavar="WIDTHxHEIGHT",
        help="size of the labels (default: %(default)s)",
    )
    parser.add_argument(
        "--resolution",
        type=float,
        default=0.1,
        help="side of a cell in metres (default: %(default)s)",
    )
    parser.add_argument(
        "--extent",
        type=float,
        default=10.0,
        help="length and width of the grid in metres (default: %(default)s)",
    )
    parser.add_argument("--frames", type=int, default=300, help="runs (default: %(default)s)")
    parser.add_argument(
        "--picture",
        type=Path,
        help="also segment frame 40 with the shipped model and draw grid and scan into this file",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        size = read_size(options.image, "--image")
        grid = GroundGrid(options.resolution, options.extent, options.extent)
        if options.frames < 1:
            raise JetSegError(f"--frames is {options.frames}; expected 1 or more")
        found = measure_ground(size, grid, options.frames)
        if options.picture:
            image, _, lens, pose = street_view(size, 40)
            lookup = GroundLookup(lens, pose, grid)
            labels = create_runtime(RuntimeSettings()).segment(image).labels
            free = FreeSpace(lookup, ClassRoles(CAMVID11.names), labels)
            _write_png(options.picture, draw_ground(image, free, ScanBearings(lookup)))
    except (JetSegError, OSError) as error:
        print(f"ground_bench: error: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:>14}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
