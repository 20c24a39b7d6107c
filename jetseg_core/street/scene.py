"""A drive along an endless generated street, with exact labels."""

from __future__ import annotations

from math import isfinite, pi, sin

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.street.backdrop import paint_ground, paint_sky
from jetseg_core.street.canvas import Canvas, Thing
from jetseg_core.street.daylight import Light, Sensor, seeded, smooth_noise
from jetseg_core.street.layout import LANE, Street
from jetseg_core.street.pinhole_camera import PinholeCamera

MIN_SIZE = 64
_REACH = 130.0  # metres ahead of the camera that are painted


class StreetScene:
    """A camera that drives along a street: pictures and labels in CamVid's 11 classes.

    A frame depends on the arguments and its index alone, so frames may be taken in any order.

    Args:
        seed: street, weather and camera; an integer from 0.
        size: (height, width) of the pictures in pixels, each at least 64. The vertical field of view
            stays as it is in wide pictures, the horizontal one in tall pictures.
        rate_hz: frames per second of scene time.
        pitch: upward tilt of the camera in radians, between -0.78 and 0.78. By default the seed chooses
            it, and it sways with the drive.
        roll: tilt of the camera to the right in radians, likewise.

    Raises:
        JetSegError: an argument is of the wrong type or out of range.
    """

    def __init__(
        self,
        seed: int = 0,
        size: tuple[int, int] = (360, 480),
        rate_hz: float = 10.0,
        pitch: float | None = None,
        roll: float | None = None,
    ) -> None:
        _require("seed", seed, _whole(seed) and seed >= 0, "an integer from 0")
        pair = isinstance(size, (tuple, list)) and len(size) == 2 and all(_whole(n) for n in size)
        wanted = f"(height, width), integers from {MIN_SIZE}"
        _require("size", size, pair and min(size) >= MIN_SIZE, wanted)
        _require("rate_hz", rate_hz, _number(rate_hz) and rate_hz > 0, "a number above 0")
        for name, angle in (("pitch", pitch), ("roll", roll)):
            small = angle is None or (_number(angle) and abs(angle) < pi / 4)
            _require(name, angle, small, "radians between -0.78 and 0.78")
        self.seed, self.rate_hz, self._pitch, self._roll = seed, rate_hz, pitch, roll
        self.size = height, width = int(size[0]), int(size[1])
        rng = seeded(seed, 5)
        self._focal = max(float(rng.uniform(1.12, 1.24)) * min(height, 0.75 * width), 0.35 * width)
        self._eye = float(rng.uniform(1.35, 1.6))
        self._tilt = float(rng.uniform(-0.035, 0.0))  # the horizon lies above the middle
        self._light = Light(seed)
        self._street = Street(seed)
        self._clouds = smooth_noise(seeded(seed, 2), (512, 512), (3, 6, 12, 24, 48))
        self._sensor = Sensor(seed, self.size)

    @property
    def kerbs(self) -> tuple[float, float]:
        """Distances in metres of the left and the right kerb from x = 0."""
        return self._street.kerbs

    def camera(self, index: int) -> PinholeCamera:
        """The camera of frame `index`: intrinsics, and pose in the world; the road is the plane y = 0.

        Raises:
            JetSegError: the index is not an integer from 0.
        """
        _require("index", index, _whole(index) and index >= 0, "an integer from 0")
        time = index / self.rate_hz
        across = LANE + 0.15 * sin(0.5 * time)
        height = self._eye + 0.012 * sin(2 * pi * 1.3 * time)
        return PinholeCamera(
            size=self.size,
            focal=self._focal,
            position=np.array([across, height, self._street.drive(time)]),
            yaw=0.012 * sin(0.7 * time),
            pitch=self._tilt + 0.004 * sin(5.65 * time) if self._pitch is None else self._pitch,
            roll=0.006 * sin(1.95 * time) if self._roll is None else self._roll,
        )

    def things(self, index: int) -> list[Thing]:
        """Everything that stands or moves in the street near the camera of frame `index`, the farthest first."""
        here = float(self.camera(index).position[2])
        things = self._street.standing(here - 10, here + _REACH)
        things += self._street.traffic(index / self.rate_hz, here, _REACH)
        near = [thing for thing in things if here - 5 < thing.order < here + thing.reach]
        return sorted(near, key=lambda thing: -thing.order)

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Frame `index`, from 0.

        Returns:
            The picture (H, W, 3) uint8 RGB, and its labels (H, W) uint8: ids of CAMVID11, 255 for pixels
            of no class.

        Raises:
            JetSegError: the index is not an integer from 0.
        """
        canvas, things = Canvas(self.camera(index), self._light), self.things(index)
        paint_sky(canvas, self._clouds)
        paint_ground(canvas, self._street, things, _REACH)
        for thing in things:
            thing.paint(canvas)
        return self._sensor.develop(canvas.image, index), canvas.labels


def _whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _require(name: str, value: object, right: bool, wanted: str) -> None:
    if not right:
        raise JetSegError(f"street scene: {name} is {value!r}; give {wanted}")
