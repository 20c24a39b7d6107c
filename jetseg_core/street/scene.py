"""A drive along an endless procedural street, with exact labels."""

from __future__ import annotations

from math import pi, sin

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.street.bodies import body_strokes
from jetseg_core.street.camera import Camera
from jetseg_core.street.canvas import Canvas
from jetseg_core.street.ground import Ground
from jetseg_core.street.ids import NOTHING
from jetseg_core.street.light import daylight
from jetseg_core.street.noise import generator
from jetseg_core.street.panels import panel_strokes
from jetseg_core.street.sensor import Sensor
from jetseg_core.street.shadows import shadows
from jetseg_core.street.sky import Panorama
from jetseg_core.street.solids import solid_strokes
from jetseg_core.street.street import Street
from jetseg_core.street.strokes import Stroke
from jetseg_core.street.things import Panel, Person, Solid, Spot, Thing
from jetseg_core.street.traffic import LANE, drive, traffic
from jetseg_core.street.view import View

MIN_SIZE = 64
_REACH = 150.0
"""How far ahead the street is painted, in metres; the haze and the panorama lie beyond."""


class StreetScene:
    """A camera that drives along a street: pictures and labels in CamVid's 11 classes.

    Every frame is a pure function of (seed, size, rate_hz, index): frames may be taken in any order.

    Args:
        seed: which street, weather and camera; an integer from 0.
        size: (height, width) of the pictures in pixels, each at least 64. The vertical field of view
            stays as it is in wide pictures, the horizontal one in tall pictures.
        rate_hz: frames per second of scene time.

    Raises:
        JetSegError: an argument is of the wrong type or out of range.
    """

    def __init__(
        self, seed: int = 0, size: tuple[int, int] = (360, 480), rate_hz: float = 10.0
    ) -> None:
        self.seed = _whole_number("seed", seed)
        self.size = _size(size)
        self.rate_hz = _rate(rate_hz)
        height, width = self.size
        rng = generator(self.seed, 1)
        self._focal = max(float(rng.uniform(1.12, 1.24)) * min(height, 0.75 * width), 0.35 * width)
        self._eye = float(rng.uniform(1.35, 1.6))
        # The horizon lies a little above the middle of the picture.
        self._pitch = float(rng.uniform(-0.035, 0.005))
        self._bonnet = bool(rng.random() < 0.2)
        self._light = daylight(self.seed)
        self._street = Street(self.seed, self._light)
        self._ground = Ground(self.seed, self._street.profile)
        self._panorama = Panorama(self.seed, self.size, self._focal, self._light)
        self._sensor = Sensor(self.seed, self.size, self._light)

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Frame `index`, from 0.

        Returns:
            The picture (H, W, 3) uint8 RGB, and its labels (H, W) uint8: ids of CAMVID11, 255 for what
            belongs to no class.

        Raises:
            JetSegError: the index is not an integer from 0.
        """
        index = _whole_number("index", index)
        canvas = self._paint(index / self.rate_hz)
        return self._sensor.develop(canvas.image, index), canvas.labels

    def _paint(self, time: float) -> Canvas:
        here = drive(self.seed, time)
        canvas = Canvas(self.size)
        camera = self._camera(time, here)
        view = View(camera, self._light, canvas)
        self._panorama.paint(canvas, camera)
        street, bend = self._street, self._street.bend
        low, high = here - 10, here + _REACH
        blocks = street.blocks(low, high)
        lit_things = street.things(low, high)
        for thing in traffic(street, time, here, _REACH):
            lit_things.append((thing, street.lit(thing.spot.x, thing.spot.s)))
        lit_things = [(thing, lit) for thing, lit in lit_things if _in_range(thing.spot, here)]
        shade = shadows(view, blocks, [thing for thing, _ in lit_things])
        self._ground.paint(view, bend, here, _REACH, blocks, shade)
        for stroke in sorted(_strokes(view, lit_things), key=lambda stroke: -stroke.order):
            stroke.paint(canvas)
        if self._bonnet:
            self._paint_bonnet(canvas)
        return canvas

    def _camera(self, time: float, here: float) -> Camera:
        bend = self._street.bend
        x = LANE + 0.15 * sin(0.5 * time)
        ahead = bend.offset(here + 14) - bend.offset(here)
        return Camera(
            size=self.size,
            focal=self._focal,
            position=bend.point(x, here, self._eye + 0.012 * sin(2 * pi * 1.3 * time)),
            yaw=float(np.arctan2(ahead, 14.0)) + 0.012 * sin(0.7 * time),
            pitch=self._pitch + 0.004 * sin(2 * pi * 0.9 * time),
            roll=0.006 * sin(2 * pi * 0.31 * time),
        )

    def _paint_bonnet(self, canvas: Canvas) -> None:
        height, width = self.size
        x = np.linspace(-0.55, 0.55, 24)
        edge = np.column_stack([(x + 0.5) * width, height * (0.955 + 0.22 * x**2)])
        foot = np.array([(1.1 * width, 1.2 * height), (-0.1 * width, 1.2 * height)])
        tone = np.full(3, self._light.ambient * 60.0)
        canvas.polygon(np.concatenate([edge, foot]), tone * 2.6, NOTHING)
        canvas.polygon(np.concatenate([edge + np.array([0, height / 150]), foot]), tone, NOTHING)


def _in_range(spot: Spot, here: float) -> bool:
    """Whether something is neither behind the camera nor too far away."""
    return here - 2 < spot.order and spot.s < here + min(spot.reach, _REACH)


def _strokes(view: View, lit_things: list[tuple[Thing, float]]) -> list[Stroke]:
    """All things, projected; each comes with the share of the sun that reaches it."""
    solids = [(thing, lit) for thing, lit in lit_things if isinstance(thing, Solid)]
    people = [(thing, lit) for thing, lit in lit_things if isinstance(thing, Person)]
    panels = [(thing, lit) for thing, lit in lit_things if isinstance(thing, Panel)]
    return [
        *solid_strokes(view, [thing for thing, _ in solids], [lit for _, lit in solids]),
        *body_strokes(view, [thing for thing, _ in people], [lit for _, lit in people]),
        *panel_strokes(view, [thing for thing, _ in panels], [lit for _, lit in panels]),
    ]


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
        f"street scene: size is {size!r}; give (height, width) as two integers from {MIN_SIZE}"
    )


def _rate(rate_hz: object) -> float:
    if isinstance(rate_hz, (int, float)) and not isinstance(rate_hz, bool) and 0 < rate_hz < np.inf:
        return float(rate_hz)
    raise JetSegError(f"street scene: rate_hz is {rate_hz!r}; give frames per second above 0")
