"""The camera's electronics: exposure, color cast, softness, vignetting and noise."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.street.light import Light
from jetseg_core.street.noise import generator


class Sensor:
    """Turns the light of a scene into a picture like a video camera's."""

    def __init__(self, seed: int, size: tuple[int, int], light: Light) -> None:
        rng = generator(seed, 71)
        self._seed = seed
        value = np.arange(256) / 255
        exposed = value[:, None] * light.exposure * light.cast
        # A straight gain up to the shoulder; above it highlights run into white slowly.
        shoulder = 0.72
        over = (exposed - shoulder).clip(0, None) / (1 - shoulder)
        toned = np.where(exposed < shoulder, exposed, shoulder + (1 - shoulder) * np.tanh(over))
        toned = toned**light.contrast
        self._curve = (toned * 255).round().astype(np.uint8)[None]
        height, width = size
        self._softness = float(rng.uniform(0.45, 0.7)) * min(1.0, height / 300)
        self._sharpening = float(rng.uniform(0.5, 1.0))
        y = np.linspace(-1, 1, height)[:, None]
        x = np.linspace(-1, 1, width)[None]
        falloff = 1 - float(rng.uniform(0.02, 0.10)) * (x**2 + y**2)
        self._falloff = np.repeat((falloff * 255).astype(np.uint8)[:, :, None], 3, axis=2)
        strength = float(rng.uniform(1.2, 3.0))
        grain = rng.normal(0, strength, (height + 64, width + 64, 1))
        color = rng.normal(0, strength * 0.45, (height + 64, width + 64, 3))
        self._noise = cv2.GaussianBlur(grain + color, (0, 0), 0.5).round().astype(np.int8)

    def develop(self, light: np.ndarray, index: int, *, noise: bool = True) -> np.ndarray:
        """The picture (H, W, 3) uint8 of frame `index`."""
        height, width = light.shape[:2]
        soft = cv2.GaussianBlur(light, (3, 3), self._softness)
        picture = cv2.LUT(cv2.multiply(soft, self._falloff, scale=1 / 255), self._curve)
        # Video cameras sharpen what their optics soften.
        around = cv2.GaussianBlur(picture, (5, 5), 1.2)
        picture = cv2.addWeighted(picture, 1 + self._sharpening, around, -self._sharpening, 0)
        if not noise:
            return picture
        y, x = generator(self._seed, 72, index).integers(0, 65, 2)
        grain = self._noise[y : y + height, x : x + width]
        return cv2.add(picture, grain, dtype=cv2.CV_8U)
