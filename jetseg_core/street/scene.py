"""A drive along an endless generated street, with exact labels."""

from __future__ import annotations

from math import isfinite, pi, sin

import cv2
import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.street.canvas import SKY, Canvas, Texture
from jetseg_core.street.daylight import Light, Sensor
from jetseg_core.street.ground import paint_ground
from jetseg_core.street.layout import LANE, Street
from jetseg_core.street.noise import seeded, smooth_noise
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
        self.seed = _whole_number("seed", seed)
        self.size = _size(size)
        self.rate_hz = _rate(rate_hz)
        self._pitch, self._roll = _angle("pitch", pitch), _angle("roll", roll)
        height, width = self.size
        rng = seeded(self.seed, 5)
        self._focal = max(float(rng.uniform(1.12, 1.24)) * min(height, 0.75 * width), 0.35 * width)
        self._eye = float(rng.uniform(1.35, 1.6))
        # The horizon lies a little above the middle of the picture.
        self._tilt = float(rng.uniform(-0.035, 0.0))
        self._light = Light.of(self.seed)
        self._street = Street(self.seed, self._light)
        self._sky = _sky(self.seed, self._light)
        self._sensor = Sensor(self.seed, self.size)

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Frame `index`, from 0.

        Returns:
            The picture (H, W, 3) uint8 RGB, and its labels (H, W) uint8: ids of CAMVID11, 255 for pixels
            of no class.

        Raises:
            JetSegError: the index is not an integer from 0.
        """
        camera = self.camera(index)
        time, here = index / self.rate_hz, float(camera.position[2])
        canvas = Canvas(camera, self._light)
        self._paint_sky(canvas)
        blocks = self._street.blocks(here - 10, here + _REACH)
        things = [thing for block in blocks for thing in block.things]
        things += self._street.traffic(time, here, _REACH)
        things = [thing for thing in things if here - 5 < thing.order < here + thing.reach]
        paint_ground(canvas, self._street, blocks, things, _REACH)
        for thing in sorted(things, key=lambda thing: -thing.order):
            thing.paint(canvas)
        return self._sensor.develop(canvas.image, index), canvas.labels

    def _paint_sky(self, canvas: Canvas) -> None:
        """Paint a picture of the sky, 2 km wide and 1 km away; below it is ground."""
        canvas.image[:], canvas.labels[:] = self._sky.mean, SKY
        far, along = np.array([-1000.0, 0, 1000]), np.array([2000.0, 0, 0])
        corner = canvas.camera.position + far - (0, 20, 0)
        seen = canvas.warp(self._sky, corner, along, np.array([0, 1000.0, 0]))
        if seen is not None:
            part, picture, covered = seen
            cv2.copyTo(picture[:, :, :3], covered, canvas.image[part])

    def camera(self, index: int) -> PinholeCamera:
        """The camera of frame `index`: intrinsics, and pose in the world; the road is the plane y = 0.

        Raises:
            JetSegError: the index is not an integer from 0.
        """
        time = _whole_number("index", index) / self.rate_hz
        pitch = self._tilt + 0.004 * sin(2 * pi * 0.9 * time)
        roll = 0.006 * sin(2 * pi * 0.31 * time)
        return PinholeCamera(
            size=self.size,
            focal=self._focal,
            position=np.array(
                [
                    LANE + 0.15 * sin(0.5 * time),
                    self._eye + 0.012 * sin(2 * pi * 1.3 * time),
                    self._street.drive(time),
                ]
            ),
            yaw=0.012 * sin(0.7 * time),
            pitch=pitch if self._pitch is None else self._pitch,
            roll=roll if self._roll is None else self._roll,
        )


def _sky(seed: int, light: Light) -> Texture:
    """Pale blue, whiter towards the horizon, with clouds that flatten towards it."""
    rng, shape = seeded(seed, 2), (256, 512)
    up = np.linspace(1, 0, shape[0], dtype=np.float32)[:, None]
    blue, pale = np.array([140, 188, 234.0]), np.array([232, 242, 244.0])
    clear = pale + (blue - pale) * (up**0.6)[:, :, None]
    noise = smooth_noise(rng, (512, 512), (3, 6, 12, 24, 48))
    flat = 1 / (up + 0.1)  # perspective of a flat layer of clouds
    across = 0.2 * (np.arange(shape[1], dtype=np.float32) - shape[1] / 2) * flat
    along = np.repeat(80 * flat, shape[1], axis=1)
    clouds = cv2.remap(noise, across % 511, along % 511, cv2.INTER_LINEAR)[:, :, None]
    cover = 0.9 / (1 + np.exp(-2.2 * clouds - 5 * (light.clouds - 0.5)))
    white = 242 - 24 * max(0.0, 2 * light.clouds - 1) - 8 * light.clouds * clouds.clip(-2, 2)
    return Texture((clear + (white - clear) * cover).clip(0, 255).astype(np.uint8))


def _whole_number(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise JetSegError(f"street scene: {name} is {value!r}; give an integer from 0")
    return int(value)


def _size(size: object) -> tuple[int, int]:
    if isinstance(size, (tuple, list)) and len(size) == 2:
        whole = [isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in size]
        if all(whole) and min(size) >= MIN_SIZE:
            return int(size[0]), int(size[1])
    raise JetSegError(
        f"street scene: size is {size!r}; give (height, width), integers from {MIN_SIZE}"
    )


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _rate(rate_hz: object) -> float:
    if not _number(rate_hz) or not rate_hz > 0:  # type: ignore[operator]
        raise JetSegError(f"street scene: rate_hz is {rate_hz!r}; give a number above 0")
    return float(rate_hz)  # type: ignore[arg-type]


def _angle(name: str, angle: object) -> float | None:
    if angle is None or (_number(angle) and abs(angle) < pi / 4):  # type: ignore[arg-type]
        return angle  # type: ignore[return-value]
    raise JetSegError(f"street scene: {name} is {angle!r}; give radians between -0.78 and 0.78")
