"""Daylight, the sensor that turns it into a picture, and the seeded noise that surfaces are made of."""

from __future__ import annotations

import cv2
import numpy as np

HAZE = np.array([206, 220, 226.0])
"""RGB colour that distance fades into."""
VISIBILITY = 500.0
"""Distance in metres at which haze hides 63 % of a surface."""


def seeded(*key: int) -> np.random.Generator:
    """A random generator that depends on the key alone (integers from 0)."""
    return np.random.default_rng(np.random.SeedSequence(key))


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], cells: tuple[int, ...], falloff: float = 0.65
) -> np.ndarray:
    """Noise (H, W) float32 of mean 0 and deviation 1.

    Args:
        rng: source of randomness.
        shape: (height, width) in pixels.
        cells: grid cells along the shorter side, for each octave.
        falloff: strength of an octave relative to the one before.
    """
    total = np.zeros(shape, np.float32)
    for octave, count in enumerate(cells):
        grid = [max(2, round(n * count / min(shape))) for n in shape]
        noise = cv2.resize(rng.standard_normal(grid), shape[::-1], interpolation=cv2.INTER_CUBIC)
        total += noise.astype(np.float32) * falloff**octave
    return (total - total.mean()) / (total.std() + 1e-6)


class Light:
    """Daylight through a seed's clouds, soft enough to throw no shadows."""

    def __init__(self, seed: int) -> None:
        rng = seeded(seed, 1)
        sun = rng.normal(size=3) + np.array([0, 1, 0])
        sun[1] = abs(sun[1])
        self._sun = sun / np.linalg.norm(sun)  # towards the brightest part of the sky
        self.clouds = float(rng.uniform(0.2, 1))
        """0 = blue sky, 1 = overcast."""

    def shade(self, normals: np.ndarray) -> np.ndarray:
        """Factor (N,) on the colours of surfaces with unit normals (N, 3)."""
        direct = np.maximum(normals @ self._sun, 0.0) * (0.5 - 0.4 * self.clouds)
        return 0.66 + 0.08 * self.clouds + 0.12 * normals[..., 1] + direct


def clearness(distance: float | np.ndarray) -> np.ndarray:
    """Share of a surface's own colour that haze leaves at a distance in metres."""
    return np.exp(distance / -VISIBILITY)


class Sensor:
    """A video camera's sensor: soft optics, a tone curve, sharpening and noise.

    Args:
        seed: of exposure, colour balance and noise.
        size: (height, width) of the pictures in pixels.
    """

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        rng = seeded(seed, 3)
        self._seed, (height, width) = seed, size
        exposed = np.linspace(0, rng.uniform(1.0, 1.25), 256)[:, None] * rng.uniform(0.97, 1.03, 3)
        # A straight gain up to the shoulder; above it highlights run into white slowly.
        shoulder = 0.75 + 0.25 * np.tanh((exposed - 0.75) / 0.25)
        toned = np.where(exposed < 0.75, exposed, shoulder) ** rng.uniform(1.2, 1.5)
        self._curve = (toned * 255).round().astype(np.uint8)[None]
        self._softness = 0.6 * min(1.0, height / 300)
        grain = rng.normal(0, rng.uniform(1.2, 3.0), (height + 64, width + 64, 1))
        colored = grain + rng.normal(0, 1, (height + 64, width + 64, 3))
        self._noise = cv2.GaussianBlur(colored, (0, 0), 0.5).round().astype(np.int8)

    def develop(self, light: np.ndarray, index: int) -> np.ndarray:
        """The picture (H, W, 3) uint8 of frame `index` from the painted one of the same shape."""
        height, width = light.shape[:2]
        picture = cv2.LUT(cv2.GaussianBlur(light, (3, 3), self._softness), self._curve)
        picture = cv2.addWeighted(picture, 1.75, cv2.GaussianBlur(picture, (5, 5), 1.2), -0.75, 0)
        y, x = seeded(self._seed, 4, index).integers(0, 65, 2)
        return cv2.add(picture, self._noise[y : y + height, x : x + width], dtype=cv2.CV_8U)
