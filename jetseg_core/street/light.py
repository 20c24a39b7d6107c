"""Daylight of a scene: sun, sky light, haze, and how the camera exposes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from jetseg_core.street.noise import generator


@dataclass(frozen=True)
class Light:
    """Light that is the same all over a scene. Colors are RGB, 1 = white."""

    sun: np.ndarray
    """(3,) unit vector towards the sun, in world axes."""
    sunshine: float
    """Strength of direct sun light; 0 under an overcast sky."""
    ambient: float
    """Strength of the light from the sky."""
    haze: np.ndarray
    """(3,) color, 0 to 255, that distance fades into."""
    visibility: float
    """Distance in metres at which the haze hides 63 % of a surface."""
    sky: np.ndarray
    """(2, 3) colors of the sky overhead and at the horizon, 0 to 255."""
    cloud_cover: float
    """0 = blue, 1 = overcast."""
    exposure: float
    """Gain of the camera."""
    contrast: float
    """Exponent of the camera's tone curve; above 1 the shadows go down."""
    cast: np.ndarray
    """(3,) gain of each color: the white balance."""

    @property
    def shadow(self) -> float:
        """How bright a horizontal surface in the shadow is, relative to one in the sun."""
        return self.ambient / (self.ambient + self.sunshine * max(0.0, float(self.sun[1])))

    def shade(self, normals: np.ndarray, lit: np.ndarray) -> np.ndarray:
        """(N, 3) unit normals to (N,) brightness; lit (N,) is 1 in the sun, 0 in the shadow."""
        sky_light = self.ambient * (0.82 + 0.18 * normals[:, 1])
        return sky_light + self.sunshine * lit * np.maximum(normals @ self.sun, 0.0)

    def fade(self, distance: np.ndarray) -> np.ndarray:
        """Share of a surface's own color that is left at distances (N,) in metres."""
        return np.exp(-distance / self.visibility)

    def hazed(self, colors: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Colors (N, 3), 0 to 255, as they look from distances (N,)."""
        left = self.fade(distance)[..., None]
        return colors.clip(0, 255) * left + self.haze * (1 - left)


def daylight(seed: int) -> Light:
    """The weather and the camera's exposure of a seed: bright sun, thin cloud, or a dull afternoon."""
    rng = generator(seed, 11)
    kind = rng.choice(3, p=[0.42, 0.33, 0.25])
    sunshine = (rng.uniform(0.75, 1.05), rng.uniform(0.12, 0.35), 0.0)[kind]
    ambient = (rng.uniform(0.32, 0.44), rng.uniform(0.6, 0.75), rng.uniform(0.6, 0.75))[kind]
    elevation = radians(rng.uniform(22, 48))
    azimuth = radians(rng.choice([-1, 1]) * rng.uniform(20, 150))
    sun = np.array([sin(azimuth) * cos(elevation), sin(elevation), cos(azimuth) * cos(elevation)])
    overhead = np.array([(116, 156, 206), (196, 212, 228), (112, 126, 140)][kind], float)
    horizon = np.array([(216, 228, 236), (226, 232, 236), (184, 194, 202)][kind], float)
    return Light(
        sun=sun,
        sunshine=float(sunshine),
        ambient=float(ambient),
        haze=horizon * 0.92,
        visibility=float(rng.uniform(300, 650)),
        sky=np.stack([overhead, horizon]) + rng.uniform(-8, 8),
        cloud_cover=float((rng.uniform(0.1, 0.6), rng.uniform(0.5, 0.9), 1.0)[kind]),
        exposure=float(
            (rng.uniform(1.25, 1.7), rng.uniform(1.2, 1.6), rng.uniform(0.75, 1.15))[kind]
        ),
        contrast=float(rng.uniform(1.05, 1.4)),
        cast=1 + rng.uniform(-0.035, 0.035, 3),
    )
