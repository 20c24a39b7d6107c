"""Projection of panels, all of a frame at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jetseg_core.street.camera import NEAR, clip_near, to_pixels
from jetseg_core.street.strokes import Picture, Stroke
from jetseg_core.street.things import Panel
from jetseg_core.street.view import View


def panel_strokes(view: View, panels: Sequence[Panel], lit: Sequence[float]) -> list[Stroke]:
    """What is to be seen of panels; lit gives for each the share of sun on the ground beside it."""
    if not panels:
        return []
    camera = view.camera
    corner, along, up, facing = _placed(view, panels)
    top = corner + up - camera.position
    matrices = camera.projection @ np.stack([along, -up, top], axis=2)  # (N, 3, 3) from (u, v, 1)
    unit = np.array([panel.outline for panel in panels])  # (N, 5, 2)
    rays = unit @ matrices[:, :, :2].transpose(0, 2, 1) + matrices[:, None, :, 2]
    nearest, farthest = rays[:, :, 2].min(1), rays[:, :, 2].max(1)
    whole = nearest > NEAR
    pixels = rays[:, :, :2] / np.maximum(rays[:, :, 2:], NEAR)
    low, high = pixels.min(1), pixels.max(1)
    outward = np.array([panel.outward for panel in panels])
    seen = (farthest > NEAR) & (view.on_canvas(low, high) | ~whole)
    seen &= (outward * (camera.position - corner)).sum(1) >= 0
    colors = _colors(view, panels, np.array(lit), facing, along, up, top)
    # How large the whole texture would be on the screen decides how fine a copy of it is used.
    width = (high - low)[:, 0] / np.maximum(np.ptp(unit[:, :, 0], axis=1), 0.01)
    middle = np.sqrt(np.maximum(nearest, 1.0) * np.maximum(farthest, 1.0))
    height = np.linalg.norm(up, axis=1) * camera.focal / middle
    strokes: list[Stroke] = []
    for i in np.flatnonzero(seen).tolist():
        panel = panels[i]
        outline = pixels[i] if whole[i] else to_pixels(clip_near(rays[i]))
        scale = (float(width[i]), float(height[i]))
        strokes.append(
            Picture(
                panel.spot.order, panel.texture, matrices[i], outline, scale, colors[i],
                panel.label, panel.solid_label,
            )
        )  # fmt: skip
    return strokes


def _placed(view: View, panels: Sequence[Panel]) -> tuple[np.ndarray, ...]:
    """Corner, along and up (N, 3) of each panel in the world, and which of them face the camera (N,)."""
    corner = np.array([panel.corner for panel in panels])
    along = np.array([panel.along for panel in panels])
    up = np.array([panel.up for panel in panels])
    facing = np.array([panel.facing for panel in panels])
    # Parallel to the picture, they need no perspective and are painted faster.
    right, down, _ = view.camera.rotation
    along[facing] = along[facing, :1] * right
    up[facing] = up[facing, 1:2] * -down
    corner[facing] -= along[facing] / 2
    return corner, along, up, facing


def _colors(
    view: View, panels: Sequence[Panel], lit: np.ndarray, facing: np.ndarray, along: np.ndarray,
    up: np.ndarray, top: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(N, 3, 4) matrices that light and haze apply to each panel's colors."""
    light = view.light
    middle = top + (along - up) / 2
    normal = np.cross(along, up)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal *= -np.sign((normal * middle).sum(1))[:, None]
    sun = np.array([np.nan if panel.sun is None else panel.sun for panel in panels])
    sun = np.where(np.isnan(sun), lit, sun)
    # Crowns are round, with sides in sun and shade, and reach out of the shadow on the ground.
    round_ = 0.9 * light.ambient + 0.42 * light.sunshine * (0.35 + 0.65 * sun)
    brightness = np.where(facing, round_, light.shade(normal, sun))
    left = light.fade(np.linalg.norm(middle, axis=1))
    tint = np.array([panel.tint for panel in panels])
    colors = np.zeros((len(panels), 3, 4))
    colors[:, (0, 1, 2), (0, 1, 2)] = tint * (brightness * left)[:, None]
    colors[:, :, 3] = light.haze * (1 - left)[:, None]
    return colors
