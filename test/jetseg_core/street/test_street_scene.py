"""The procedural street: deterministic, coherent, in perspective, with every class and exact labels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.street import PinholeCamera, StreetScene
from jetseg_core.street.canvas import (
    BICYCLIST,
    PEDESTRIAN,
    Canvas,
    Mesh,
    Panel,
    Solid,
    Texture,
    Thing,
)
from jetseg_core.street.daylight import Light
from jetseg_core.street.road_users import FIGURE_SIZE, pedestrian, vehicle

SMALL = (120, 160)
SKY, ROAD, CAR, BUILDING = (CAMVID11.names.index(n) for n in ("Sky", "Road", "Car", "Building"))


def blank_canvas(size: tuple[int, int] = (180, 240)) -> Canvas:
    """A level camera 1.4 m above the ground in full sun, with nothing painted yet."""
    return Canvas(PinholeCamera(size, size[1] * 0.88, np.array([0.0, 1.4, 0.0])), Light(0))


def to_ground(camera: PinholeCamera, pixels: np.ndarray) -> np.ndarray:
    """Road points (N, 3) in the world seen at pixels (N, 2); NaN at and above the horizon."""
    x, z, w = camera.ground_homography @ np.column_stack([pixels, np.ones(len(pixels))]).T
    w = np.where(w > 0, w, np.nan)
    return np.column_stack([x / w, 0 * w, z / w]) + camera.position * (1, 0, 1)


def solid(mesh: Mesh, x: float, z: float, heading: float = 0.0) -> Solid:
    """A mesh on the ground."""
    return Solid(np.array([x, 0.0, z]), mesh, heading)


def white_mesh(mesh: Mesh) -> Mesh:
    """A mesh with all of its faces white."""
    faces, normals, colors, labels = mesh.arrays
    white = Mesh()
    white.arrays = (faces, normals, np.full_like(colors, 255.0), labels)
    return white


def white_texture(texture: Texture) -> Texture:
    """A texture with the same opacity in white."""
    return Texture(np.repeat(texture.fitted(1e6, 1e6)[:, :, 3:], 4, axis=2))


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
        canvas = blank_canvas((360, 480))
        solid(vehicle(0, 0), 0.0, distance).paint(canvas)
        rows, columns = np.nonzero(canvas.labels == CAR)
        # The rear of a saloon is 2.2 m nearer than its middle; pixels at the border count for one more.
        width = (np.ptp(columns) - 1) * (distance - 2.2) / canvas.camera.focal
        spans[distance] = (width, rows.max())
        assert width == pytest.approx(1.72, abs=0.12)
    assert spans[30.0][1] < spans[15.0][1]  # farther along the road is higher in the picture


TILTS = [(0.0, 0.0), (-0.2, 0.0), (0.1, 0.3), (-0.3, -0.25)]


@pytest.mark.parametrize(("pitch", "roll"), TILTS)
def test_ground_seen_at_a_pixel_is_projected_to_that_pixel(pitch: float, roll: float) -> None:
    place = np.array([-1.5, 1.4, 120.0])
    camera = PinholeCamera((360, 480), 420.0, place, yaw=0.1, pitch=pitch, roll=roll)
    points = np.array([(-3.0, 0.0, 128.0), (2.0, 0.0, 131.0), (0.0, 0.0, 150.0), (9.0, 0.0, 160.0)])
    pixels = camera.polygon(points)
    np.testing.assert_allclose(to_ground(camera, pixels), points, atol=1e-6)
    # The same by the textbook: K (R (p - c)), divided by depth.
    seen = (points - place) @ camera.rotation.T
    np.testing.assert_allclose(seen @ camera.intrinsics.T / seen[:, 2:], np.insert(pixels, 2, 1, 1))
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    rows, columns = np.indices(camera.size)
    ground = to_ground(camera, np.column_stack([columns.ravel(), rows.ravel()]).astype(float))
    away = np.hypot(*(ground - place)[:, [0, 2]].T)
    down = camera.slope.ravel().astype(float)
    np.testing.assert_array_equal(np.isnan(away), down <= 0)  # above the horizon is no ground
    np.testing.assert_allclose((place[1] / away)[down > 0.01], down[down > 0.01], rtol=1e-4)


def test_positive_angles_turn_right_look_up_and_tilt_right() -> None:
    place, ahead = np.array([0.0, 1.4, 0.0]), np.array([[0.0, 1.4, 10.0], [1.0, 1.4, 10.0]])

    def seen(**angles: float) -> np.ndarray:
        return PinholeCamera((361, 481), 400.0, place, **angles).rays(ahead)[:, :2] / 10

    np.testing.assert_allclose(seen(), [(240, 180), (280, 180)])
    assert seen(yaw=0.1)[0, 0] < 240  # what is ahead moves to the left,
    assert seen(pitch=0.1)[0, 1] > 180  # down,
    assert seen(roll=0.1)[1, 1] < 180  # and counterclockwise


@pytest.mark.parametrize(("pitch", "roll"), TILTS)
def test_labels_lie_where_the_camera_projects_them(pitch: float, roll: float) -> None:
    scene = StreetScene(seed=6, pitch=pitch, roll=roll)
    camera = scene.camera(30)
    assert (camera.pitch, camera.roll) == (pitch, roll)
    _, labels = scene.render(30)
    rows, columns = np.nonzero(labels >= 0)
    ground = to_ground(camera, np.column_stack([columns, rows]).astype(float))
    x, z = (ground[:, axis].reshape(labels.shape) for axis in (0, 2))
    # Nobody drives into the 5 m ahead of the camera, and the road is at least 2.8 m wide to either side.
    lane = (np.abs(x) < 2.8) & (z - camera.position[2] < 5)
    assert lane.sum() > 1000
    assert (labels[lane] == ROAD).mean() > 0.9
    assert not np.any((labels == ROAD) & ~np.isfinite(x))
    assert not np.any((labels == ROAD) & (np.abs(x) > 6))


def test_camera_sways_unless_its_tilt_is_given() -> None:
    swaying = StreetScene(seed=2)
    assert len({swaying.camera(index).pitch for index in range(5)}) > 1
    fixed = StreetScene(seed=2, pitch=0.0, roll=0.0)
    assert {(fixed.camera(i).pitch, fixed.camera(i).roll) for i in range(5)} == {(0.0, 0.0)}
    ahead = [swaying.camera(index).position[2] for index in range(50)]
    assert np.all(np.diff(ahead) > 0)


def test_things_stand_where_they_are_labelled() -> None:
    scene = StreetScene(seed=4)
    hits: dict[float, list[bool]] = {0.0: [], 2.0: []}  # by metres aside
    for index in range(0, 60, 6):
        (_, labels), camera = scene.render(index), scene.camera(index)
        for thing in scene.things(index):
            label = CAR if isinstance(thing, Solid) else thing.label
            tall = thing.footprint[2] if isinstance(thing, Solid) else thing.height
            for aside, found in hits.items():
                x, y, depth = camera.rays(thing.place + np.array([aside, tall / 2, 0]))
                column, row = int(x / depth), int(y / depth)
                shown = 0 <= column < 480 and 0 <= row < 360 and 6 < depth < 25
                if tall and label in (CAR, PEDESTRIAN, BICYCLIST) and shown:
                    found.append(labels[row, column] == label)
    # The nearer ones hide some of the others.
    assert len(hits[0.0]) > 40 and np.mean(hits[0.0]) > 0.6 > 0.3 > np.mean(hits[2.0])


def outline_of(mask: np.ndarray) -> np.ndarray:
    """Pixels within one of the border of a mask."""
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(mask, kernel) != cv2.erode(mask, kernel)


@pytest.mark.parametrize("distance", [4.0, 12.0, 45.0])
@pytest.mark.parametrize("what", ["car", "pedestrian", "wall"])
def test_labels_cover_exactly_the_painted_pixels(what: str, distance: float) -> None:
    canvas = blank_canvas()
    texture = Texture(np.full((32, 64, 3), 255, np.uint8))
    foot = np.array([1.3, 0.0, distance])
    corner, along = np.array([[0.4, 0.2, distance], [1.5, 0.0, 2.0]])
    across, tall = np.array([FIGURE_SIZE[0], 0.0, 0.0]), FIGURE_SIZE[1]
    person = white_texture(pedestrian(3, 1, 0))
    things: dict[str, Thing] = {
        "car": solid(white_mesh(vehicle(1, 0)), 1.3, distance, heading=0.7),
        "pedestrian": Panel(foot, across, tall, person, PEDESTRIAN, turns=True),
        "wall": Panel(corner, along, 2.0, texture, BUILDING),
    }
    things[what].paint(canvas)
    labelled = (canvas.labels != UNLABELLED).astype(np.uint8)
    # Smooth edges fade out over more than a pixel: what is fainter than a tenth does not count.
    painted = (canvas.image.max(axis=2) > 25).astype(np.uint8)
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
        ({"pitch": 1.0}, r"1\.0"),
        ({"pitch": True}, "True"),
        ({"roll": float("nan")}, "nan"),
        ({"roll": "0"}, "'0'"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(JetSegError, match=f"{next(iter(arguments))} is {named}"):
        StreetScene(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [-1, 1.5, "3", True])
def test_bad_index_is_named(index: object) -> None:
    with pytest.raises(JetSegError, match=f"index is {index!r}"):
        StreetScene(size=SMALL).render(index)  # type: ignore[arg-type]
