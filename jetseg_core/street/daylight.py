"""Daylight: sun, sky light and haze; and the camera's sensor that turns light into a picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import cv2
import numpy as np

from jetseg_core.street.noise import seeded


@dataclass(frozen=True)
class Light:
    """Light of a whole drive. Strengths are factors on a surface's colour; colours are RGB, 0 to 255."""

    sun: np.ndarray
    """(3,) unit vector towards the sun."""
    sunshine: float
    """Strength of the direct light; 0 under an overcast sky."""
    ambient: float
    """Strength of the light from the sky."""
    haze: np.ndarray
    """(3,) colour that distance fades into."""
    visibility: float
    """Distance in metres at which haze hides 63 % of a surface."""
    clouds: float
    """0 = blue sky, 1 = overcast."""

    @classmethod
    def of(cls, seed: int) -> Light:
        """The weather of a seed: bright sun, thin cloud, or overcast."""
        rng = seeded(seed, 1)
        kind = rng.choice(3, p=[0.4, 0.35, 0.25])
        elevation, azimuth = radians(rng.uniform(25, 50)), radians(rng.uniform(25, 155))
        azimuth *= rng.choice([-1, 1])
        return cls(
            sun=np.array(
                [sin(azimuth) * cos(elevation), sin(elevation), cos(azimuth) * cos(elevation)]
            ),
            sunshine=float((rng.uniform(0.6, 0.9), rng.uniform(0.15, 0.35), 0.0)[kind]),
            ambient=float((rng.uniform(0.6, 0.7), rng.uniform(0.7, 0.8), 0.85)[kind]),
            haze=np.array([206, 220, 226.0]),
            visibility=float(rng.uniform(350, 700)),
            clouds=float((rng.uniform(0.1, 0.5), rng.uniform(0.5, 0.9), 1.0)[kind]),
        )

    @property
    def shadow(self) -> float:
        """Brightness of the ground in the shadow, relative to the ground in the sun."""
        return self.ambient / (self.ambient + self.sunshine * float(self.sun[1]))

    def shade(self, normals: np.ndarray, sun: float) -> np.ndarray:
        """Brightness (N,) of surfaces with unit normals (N, 3); `sun` is the share that reaches them."""
        direct = np.maximum(normals @ self.sun, 0.0) * self.sunshine * sun
        return self.ambient * (0.82 + 0.18 * normals[..., 1]) + direct

    def round_shade(self, sun: float) -> float:
        """Mean brightness of something round."""
        return 0.9 * self.ambient + 0.42 * self.sunshine * sun

    def fade(self, distance: float | np.ndarray) -> np.ndarray:
        """Share of a surface's own colour that is left at a distance in metres."""
        return np.exp(-np.asarray(distance) / self.visibility)

    def hazed(self, colors: np.ndarray, distance: float) -> np.ndarray:
        """Lit colours (N, 3) as they look from a distance."""
        left = self.fade(distance)
        return colors.clip(0, 255) * left + self.haze * (1 - left)


class Sensor:
    """Turns the light of a scene into a picture like a video camera's: tone, softness and noise."""

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        rng = seeded(seed, 3)
        self._seed = seed
        exposed = (
            np.arange(256)[:, None] / 255 * rng.uniform(1.0, 1.25) * rng.uniform(0.97, 1.03, 3)
        )
        # A straight gain up to the shoulder; above it highlights run into white slowly.
        over = (exposed - 0.75).clip(0, None) / 0.25
        toned = np.where(exposed < 0.75, exposed, 0.75 + 0.25 * np.tanh(over)) ** rng.uniform(
            1.2, 1.5
        )
        self._curve = (toned * 255).round().astype(np.uint8)[None]
        height, width = size
        y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
        falloff = 1 - rng.uniform(0.02, 0.10) * (x**2 + y**2)
        self._falloff = cv2.merge([(falloff * 255).astype(np.uint8)] * 3)
        self._softness = rng.uniform(0.45, 0.7) * min(1.0, height / 300)
        self._sharpening = rng.uniform(0.5, 1.0)
        grain = rng.normal(0, 1, (height + 64, width + 64, 1)) + rng.normal(
            0, 0.45, (height + 64, width + 64, 3)
        )
        grain = cv2.GaussianBlur(grain * rng.uniform(1.2, 3.0), (0, 0), 0.5)
        self._noise = grain.round().astype(np.int8)

    def develop(self, light: np.ndarray, index: int) -> np.ndarray:
        """The picture (H, W, 3) uint8 of frame `index` from the painted one of the same shape."""
        height, width = light.shape[:2]
        soft = cv2.GaussianBlur(light, (3, 3), self._softness)
        picture = cv2.LUT(cv2.multiply(soft, self._falloff, scale=1 / 255), self._curve)
        # Video cameras sharpen the softness of their optics.
        around = cv2.GaussianBlur(picture, (5, 5), 1.2)
        picture = cv2.addWeighted(picture, 1 + self._sharpening, around, -self._sharpening, 0)
        y, x = seeded(self._seed, 4, index).integers(0, 65, 2)
        return cv2.add(picture, self._noise[y : y + height, x : x + width], dtype=cv2.CV_8U)
