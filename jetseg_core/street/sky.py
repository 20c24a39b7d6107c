"""Everything far away: sky, clouds, and the trees and roofs on the horizon."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.street.camera import Camera
from jetseg_core.street.canvas import Canvas
from jetseg_core.street.ids import BUILDING, SKY, TREE
from jetseg_core.street.light import Light
from jetseg_core.street.noise import generator, smooth_noise

_TURN = 0.55
"""Angle in radians to either side that the panorama reaches beyond the picture; mirrored further on."""


class Panorama:
    """The far surroundings, one pixel per pixel of the camera, painted once per scene."""

    def __init__(self, seed: int, size: tuple[int, int], focal: float, light: Light) -> None:
        height, width = size
        self._margin = round(_TURN * focal)
        self._horizon = round(0.85 * height)
        shape = (self._horizon + max(4, round(0.05 * height)), width + 2 * self._margin)
        rng = generator(seed, 21)
        self.image = _sky(rng, shape, self._horizon, light)
        self.labels = np.full(shape, SKY, np.uint8)
        self._skyline(rng, height, light)

    def paint(self, canvas: Canvas, camera: Camera) -> None:
        """Paints what the camera sees of it, down to a little below the horizon; the rest is overwritten."""
        height, width = canvas.size
        left, right = camera.horizon()
        slope = (right - left) / max(width - 1, 1)
        middle = (left + right) / 2
        cx, _ = camera.center
        # Pixels of the picture to pixels of the panorama: turned about the middle of the horizon.
        along = np.array([1.0, slope]) / np.hypot(1.0, slope)
        down = np.array([-along[1], along[0]])
        origin = np.array([cx, middle])
        to_panorama = np.array(
            [
                [*along, self._margin + cx + camera.yaw * camera.focal - along @ origin],
                [*down, self._horizon - down @ origin],
            ]
        )
        rows = int(np.clip(max(left, right) + 3, 1, height))
        for source, target, method in (
            (self.image, canvas.image, cv2.INTER_LINEAR),
            (self.labels, canvas.labels, cv2.INTER_NEAREST),
        ):
            cv2.warpAffine(
                source, to_panorama, (width, rows), dst=target[:rows],
                flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101,
            )  # fmt: skip

    def _skyline(self, rng: np.random.Generator, height: int, light: Light) -> None:
        """Trees and roofs on the horizon, pale with haze."""
        rows, columns = self.labels.shape
        x = np.arange(columns)
        haze = light.haze * 0.55
        waves = max(4, round(0.06 * height))
        for layer in range(2):
            rough = smooth_noise(rng, (waves, columns), (1, 3, 7), 0.7)[0]
            top = self._horizon - height * (0.030 - 0.010 * layer) * (1 + 0.45 * rough).clip(0.2, 3)
            self._fill(x, top, haze * (0.75 - 0.12 * layer) * (0.95, 1.0, 0.9), TREE, rng)
            left = 0
            while left < columns:
                wide = round(rng.uniform(0.04, 0.12) * height) + 2
                if rng.random() < 0.45:
                    roof = self._horizon - height * rng.uniform(0.02, 0.06)
                    span = slice(left, min(columns, left + wide))
                    tone = haze * rng.uniform(0.6, 0.9)
                    self._fill(x[span], np.full(len(x[span]), roof), tone, BUILDING, rng)
                left += wide
        below = slice(self._horizon + 1, rows)
        self.image[below] = self.image[self._horizon]
        self.labels[below] = self.labels[self._horizon]

    def _fill(
        self,
        x: np.ndarray,
        top: np.ndarray,
        color: np.ndarray,
        label: int,
        rng: np.random.Generator,
    ) -> None:
        rows = np.arange(self.labels.shape[0])[:, None]
        inside = (rows >= top[None]) & (rows <= self._horizon)
        grain = rng.uniform(0.9, 1.1, (len(rows), len(x), 1))
        columns = slice(int(x[0]), int(x[-1]) + 1)
        self.image[:, columns][inside] = (color * grain).clip(0, 255)[inside]
        self.labels[:, columns][inside] = label


def _sky(
    rng: np.random.Generator, shape: tuple[int, int], horizon: int, light: Light
) -> np.ndarray:
    """Gradient from overhead to the horizon with clouds that flatten towards the horizon."""
    rows, columns = shape
    height = (1 - np.arange(rows, dtype=np.float32) / horizon).clip(0, 1)[:, None]
    overhead, low = light.sky[0], light.sky[1]
    base = low + (overhead - low) * (height**0.7)[:, :, None]
    tile = smooth_noise(rng, (512, 512), (3, 6, 12, 24, 48), 0.62)
    flatten = 1.0 / (height + 0.16)  # perspective of a flat layer of clouds
    x = np.arange(columns, dtype=np.float32)[None] - columns / 2
    u = 0.16 * 480 / rows * x * flatten + 256
    v = 300 * np.repeat(flatten, columns, axis=1)
    clouds = cv2.remap(
        tile, np.mod(u, 511).astype(np.float32), np.mod(v, 511).astype(np.float32), cv2.INTER_LINEAR
    )
    cover = 1 / (1 + np.exp(-(clouds * 2.2 + (light.cloud_cover - 0.5) * 5)))
    dull = light.cloud_cover >= 1
    white = light.sky[0] * 0.85 if dull else np.array([240, 243, 246.0])
    mixed = base + (white - base) * (cover * (0.8 if not dull else 0.6))[:, :, None]
    shaded = mixed * (1 - 0.07 * (2.0 if dull else 1.0) * clouds.clip(-2, 2) * cover)[:, :, None]
    return shaded.clip(0, 255).astype(np.uint8)
