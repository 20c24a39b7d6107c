"""Shadows on the ground: of houses, trees and vehicles."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.street.canvas import fixed_point
from jetseg_core.street.pose import Pose
from jetseg_core.street.profile import Block
from jetseg_core.street.things import Panel, Solid, Thing
from jetseg_core.street.view import View

_REACH = 60.0
"""Distance in metres up to which trees and vehicles throw shadows."""
_TALL = 3.0  # height in metres from which a plant throws one


def shadows(view: View, blocks: list[Block], things: list[Thing]) -> np.ndarray:
    """How much light reaches the ground at each pixel, (H, W) uint8, 255 = all."""
    mask = np.full(view.canvas.size, 255, np.uint8)
    light = view.light
    # Where the shadow of a point 1 m above the ground falls.
    throw = -light.sun / light.sun[1]
    limit = float(view.camera.position[2]) + _REACH
    near = [thing for thing in things if thing.spot.s < limit]
    if light.sunshine > 0:
        for block in blocks:
            for outline in block.shades:
                _fill(view, mask, outline, light.shadow)
        for thing in near:
            if isinstance(thing, Panel) and thing.facing and thing.up[1] > _TALL:
                _dapple(view, mask, thing, throw)
    for thing in near:
        if isinstance(thing, Solid) and thing.size is not None:
            _vehicle(view, mask, thing.pose, thing.size, throw)
    return cv2.blur(mask, (3, 3))


def _fill(view: View, mask: np.ndarray, points: np.ndarray, brightness: float) -> None:
    """Fills a polygon (N, 3) on the ground."""
    pixels = view.camera.project(points)
    if len(pixels) >= 3:
        cv2.fillPoly(mask, [fixed_point(pixels)], int(255 * brightness), cv2.LINE_AA, 4)


def hull(points: np.ndarray) -> np.ndarray:
    """The convex outline (M, 3) on the ground of (N, 3) points; their height is dropped."""
    flat = points - points[0]  # close to zero, where single precision is fine
    outline = cv2.convexHull(flat[:, [0, 2]].astype(np.float32))[:, 0]
    x, z = outline[:, 0] + points[0, 0], outline[:, 1] + points[0, 2]
    return np.column_stack([x, np.zeros(len(x)), z])


def _vehicle(
    view: View, mask: np.ndarray, pose: Pose, size: tuple[float, float, float], throw: np.ndarray
) -> None:  # fmt: skip
    half, long, tall = size
    corners = np.array([(-half, 0, -long), (half, 0, -long), (half, 0, long), (-half, 0, long)])
    base = pose.to_world(corners)
    if view.light.sunshine > 0.2:
        thrown = np.concatenate([base, base + throw * tall * 0.9])
        _fill(view, mask, hull(thrown), view.light.shadow)
    # Under the car hardly any light of the sky arrives either.
    center = base.mean(0)
    for grow, brightness in ((1.12, 0.78), (1.04, 0.55), (0.93, 0.30)):
        darkness = brightness * max(view.light.shadow, 0.6)
        _fill(view, mask, center + (base - center) * grow, darkness)


def _dapple(view: View, mask: np.ndarray, plant: Panel, throw: np.ndarray) -> None:
    """The shadow of a plant: its picture, turned to the sun and thrown flat on the ground."""
    camera = view.camera
    width, height = plant.along[0], plant.up[1]
    across = np.array([throw[2], 0, -throw[0]]) / np.hypot(throw[0], throw[2]) * width
    away = (throw + np.array([0, 1, 0])) * height
    top = plant.corner - across / 2 + away
    outline = camera.project(np.array([top, top + across, top + across - away, top - away]))
    box = view.canvas.box(outline) if len(outline) >= 3 else None
    if box is None:
        return
    x0, y0, x1, y1 = box
    spread = np.ptp(outline, axis=0)
    source = plant.texture.fitted(float(spread[0]), float(spread[1]))
    rows, columns = source.shape[:2]
    plane = np.array([across, -away, top - camera.position]).T
    place = camera.projection @ plane / (columns, rows, 1)
    place[:2] -= place[2] * ((x0,), (y0,))
    opacity = cv2.warpPerspective(cv2.extractChannel(source, 3), place, (x1 - x0, y1 - y0))
    darkness = cv2.convertScaleAbs(opacity, alpha=1 - view.light.shadow)
    patch = mask[y0:y1, x0:x1]
    cv2.min(patch, cv2.bitwise_not(darkness), dst=patch)
