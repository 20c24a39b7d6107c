"""The procedural street: deterministic, coherent, in perspective, with every class and exact labels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.street import StreetScene
from jetseg_core.street.bodies import body_strokes
from jetseg_core.street.camera import Camera
from jetseg_core.street.canvas import Canvas
from jetseg_core.street.light import daylight
from jetseg_core.street.panels import panel_strokes
from jetseg_core.street.people import pedestrian
from jetseg_core.street.pose import Pose
from jetseg_core.street.solids import solid_strokes
from jetseg_core.street.texture import Texture
from jetseg_core.street.things import Panel, Person, Solid, Spot, Thing
from jetseg_core.street.vehicles import vehicle
from jetseg_core.street.view import View

SMALL = (120, 160)
SKY, ROAD, CAR, BUILDING = (CAMVID11.names.index(n) for n in ("Sky", "Road", "Car", "Building"))
WHITE = np.full((16, 3), 255.0)
SPOT = Spot(x=0.0, s=0.0, order=0.0, reach=100.0)


def painted_view(size: tuple[int, int] = (180, 240)) -> View:
    """A level camera 1.4 m above the ground, with nothing painted yet: picture and labels are 0."""
    camera = Camera(size, size[1] * 0.88, np.array([0.0, 1.4, 0.0]), 0.0, 0.0, 0.0)
    return View(camera, daylight(0), Canvas(size))


def paint(view: View, thing: Thing) -> None:
    """Paints one thing in full sun."""
    strokes = {Solid: solid_strokes, Person: body_strokes, Panel: panel_strokes}[type(thing)]
    for stroke in strokes(view, [thing], [1.0]):  # type: ignore[operator]
        stroke.paint(view.canvas)


def test_frame_depends_on_nothing_but_seed_size_and_index() -> None:
    in_order = StreetScene(seed=3, size=SMALL)
    frames = [in_order.render(index) for index in range(6)]
    jumping = StreetScene(seed=3, size=SMALL)
    jumping.render(900)  # far away: other blocks of the street are built and forgotten
    for index in (5, 0, 3):
        image, labels = jumping.render(index)
        np.testing.assert_array_equal(image, frames[index][0])
        np.testing.assert_array_equal(labels, frames[index][1])
    other_image, _ = StreetScene(seed=4, size=SMALL).render(0)
    assert not np.array_equal(other_image, frames[0][0])


def test_small_frames_far_along_the_street_render() -> None:
    # Things of a few pixels, and of one row or column, come up all the time.
    scene = StreetScene(seed=0, size=(64, 96))
    assert all(scene.render(index)[0].std() > 10 for index in range(0, 300, 7))


def test_rate_only_sets_the_time_of_a_frame() -> None:
    _, at_ten = StreetScene(seed=1, size=SMALL, rate_hz=10).render(8)
    _, at_thirty = StreetScene(seed=1, size=SMALL, rate_hz=30).render(24)
    np.testing.assert_array_equal(at_ten, at_thirty)


@pytest.mark.parametrize("size", [(64, 64), (65, 131), (151, 83), (72, 400), (360, 480)])
def test_any_size_from_64_gives_picture_and_labels(size: tuple[int, int]) -> None:
    image, labels = StreetScene(seed=2, size=size).render(40)
    assert image.shape == (*size, 3) and image.dtype == np.uint8
    assert labels.shape == size and labels.dtype == np.uint8
    assert set(np.unique(labels)) <= {*range(len(CAMVID11)), UNLABELLED}
    assert {SKY, ROAD} <= set(np.unique(labels))


@pytest.mark.parametrize("seed", [0, 1, 7, 2024])
def test_every_class_occurs_within_60_frames(seed: int) -> None:
    scene = StreetScene(seed=seed, size=(180, 240))
    labels = np.stack([scene.render(index)[1] for index in range(0, 60, 4)])
    pixels = np.bincount(labels.ravel(), minlength=256)
    assert not [name for i, name in enumerate(CAMVID11.names) if pixels[i] < 20]


def test_consecutive_frames_agree_and_distant_ones_do_not() -> None:
    scene = StreetScene(seed=5, size=(180, 240))
    here, soon, later = (scene.render(index)[1] for index in (100, 101, 160))
    assert np.mean(here == soon) > 0.85
    assert np.mean(here == later) < np.mean(here == soon) - 0.05


@pytest.mark.parametrize("seed", range(4))
def test_layout_is_that_of_a_street_seen_from_a_car(seed: int) -> None:
    height, width = 180, 240
    _, labels = StreetScene(seed=seed, size=(height, width)).render(20)
    row = {name: np.nonzero(labels == i)[0].mean() for name, i in (("sky", SKY), ("road", ROAD))}
    assert row["sky"] < 0.4 * height < 0.6 * height < row["road"]
    before_the_car = labels[round(0.80 * height) : round(0.92 * height), width // 2]
    assert np.all(before_the_car == ROAD)
    share = np.bincount(labels.ravel(), minlength=256)[: len(CAMVID11)] / labels.size
    assert 0.2 < share[ROAD] < 0.55 and 0.03 < share[BUILDING] < 0.6


def test_twice_as_far_is_half_as_large() -> None:
    spans = {}
    for distance in (15.0, 30.0):
        view = painted_view((360, 480))
        paint(view, Solid(SPOT, Pose(0.0, 0.0, distance), vehicle(0), WHITE))
        rows, columns = np.nonzero(view.canvas.labels == CAR)
        # The rear of a hatchback is 2 m nearer than its middle; pixels at the border count for one more.
        width = (np.ptp(columns) - 1) * (distance - 2.0) / view.camera.focal
        spans[distance] = (width, rows.max())
        assert width == pytest.approx(1.66, abs=0.12)
    assert spans[30.0][1] < spans[15.0][1]  # farther along the road is higher in the picture


def outline_of(mask: np.ndarray) -> np.ndarray:
    """Pixels within one of the border of a mask."""
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(mask, kernel) != cv2.erode(mask, kernel)


@pytest.mark.parametrize("distance", [4.0, 12.0, 45.0])
@pytest.mark.parametrize("what", ["car", "pedestrian", "wall"])
def test_labels_cover_exactly_what_is_painted(what: str, distance: float) -> None:
    view = painted_view()
    pose = Pose(1.3, 0.0, distance, 0.7)
    texture = Texture(np.full((32, 64, 3), 255, np.uint8))
    corner, along, up = np.array([[0.4, 0.2, distance], [1.5, 0.0, 2.0], [0.0, 2.0, 0.0]])
    things: dict[str, Thing] = {
        "car": Solid(SPOT, pose, vehicle(1), WHITE),
        "pedestrian": Person(SPOT, pose, pedestrian(3), WHITE),
        "wall": Panel(SPOT, corner, along, up, texture, BUILDING),
    }
    paint(view, things[what])
    labelled = (view.canvas.labels > 0).astype(np.uint8)
    # Smooth edges fade out over more than a pixel: what is fainter than a tenth does not count.
    painted = (view.canvas.image.max(axis=2) > 25).astype(np.uint8)
    assert labelled.sum() > 20
    differs = labelled != painted
    assert not np.any(differs & ~outline_of(labelled))
    shifted = np.roll(labelled, 3, axis=1)  # the check itself can tell labels that are off
    assert np.any((shifted != painted) & ~outline_of(shifted))


@pytest.mark.parametrize("seed", [3, 8])
def test_labels_of_a_frame_end_where_the_picture_has_its_edges(seed: int) -> None:
    image, labels = StreetScene(seed=seed).render(40)
    steps = np.abs(np.diff(image.mean(axis=2), axis=0))
    border = np.diff((labels == SKY).astype(int), axis=0) != 0
    border[:8] = border[-8:] = False
    at_border, above, below = (steps[np.roll(border, by, axis=0)].mean() for by in (0, -6, 6))
    assert border.sum() > 100
    assert at_border > 2 * max(above, below)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"size": (63, 100)}, r"\(63, 100\)"),
        ({"size": (100, 63)}, r"\(100, 63\)"),
        ({"size": (100.0, 100)}, r"\(100\.0, 100\)"),
        ({"size": 100}, "100"),
        ({"seed": -1}, "-1"),
        ({"seed": "a"}, "'a'"),
        ({"rate_hz": 0}, "0"),
        ({"rate_hz": float("nan")}, "nan"),
        ({"rate_hz": "10"}, "'10'"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(JetSegError, match=f"{next(iter(arguments))} is {named}"):
        StreetScene(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [-1, 1.5, "3", True])
def test_bad_index_is_named(index: object) -> None:
    with pytest.raises(JetSegError, match=f"index is {index!r}"):
        StreetScene(size=SMALL).render(index)  # type: ignore[arg-type]
