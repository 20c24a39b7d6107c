"""Free space: where a traced scene has its kerbs and a car, there the grid and the scan have them, through any lens."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CITYSCAPES19, UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.ground import CameraPose, ClassRoles, FreeSpace, GroundGrid, GroundLookup, Lens
from jetseg_core.ground.free_space import FREE, OCCUPIED, UNKNOWN, ScanBearings
from jetseg_core.street import StreetScene

SKY, ROAD, SIDEWALK, CAR = (CAMVID11.names.index(n) for n in ("Sky", "Road", "Sidewalk", "Car"))
ROLES = ClassRoles(CAMVID11.names)
SIZE = (480, 640)
MATRIX = np.array([[520.0, 0, 322], [0, 515, 236], [0, 0, 1]])
LENSES = {
    "none": Lens(SIZE, MATRIX),
    "plumb_bob": Lens(SIZE, MATRIX, "plumb_bob", (-0.31, 0.11, 0.0012, -0.0008, -0.018)),
    "rational_polynomial": Lens(
        SIZE, MATRIX, "rational_polynomial", (0.42, -0.35, 1e-3, -4e-4, 0.02, 0.77, -0.31, -0.04)
    ),
    "equidistant": Lens(SIZE, MATRIX * (0.6, 0.6, 1), "equidistant", (-0.02, 0.006, -0.004, 6e-4)),
}
LENSES["equidistant"].matrix[:2, 2] = 322, 236
TILTS = [(0.12, 0.0), (0.3, 0.0), (0.15, 0.12), (0.2, -0.2)]


@dataclass(frozen=True)
class Traced:
    """A straight road with kerbs and one car, in the base's axes; labels come from rays, not from the look-up."""

    left: float = 3.1
    right: float = -2.7
    car: tuple[float, float, float, float, float] = (5.2, 8.4, -1.5, 0.2, 1.4)
    """x from and to, y from and to, height, metres."""

    def labels(self, lens: Lens, pose: CameraPose) -> np.ndarray:
        height, width = lens.size
        grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
        pixels, d = grid.reshape(-1, 1, 2).astype(float), np.array(lens.coefficients)
        if lens.model == "equidistant":
            flat = cv2.fisheye.undistortPoints(pixels, lens.matrix, d)
        else:
            exact = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-10)
            flat = cv2.undistortPointsIter(pixels, lens.matrix, d, np.eye(3), np.eye(3), exact)
        rays = np.column_stack([flat.reshape(-1, 2), np.ones(width * height)]) @ pose.rotation.T
        return self._label_of(pose.position, rays).reshape(lens.size)

    def _label_of(self, eye: np.ndarray, rays: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            to_ground = np.where(rays[:, 2] < 0, -eye[2] / rays[:, 2], np.inf)
            y = eye[1] + to_ground * rays[:, 1]
            x0, x1, y0, y1, top = self.car
            near, far = (np.array(c) - eye for c in ((x0, y0, 0.0), (x1, y1, top)))
            entries, exits = (
                np.minimum(near / rays, far / rays),
                np.maximum(near / rays, far / rays),
            )
        enter, leave = entries.max(1), exits.min(1)
        hits_car = (enter <= leave) & (enter > 0) & (enter <= to_ground)
        found = np.where((y < self.left) & (y > self.right), ROAD, SIDEWALK)
        found[~np.isfinite(to_ground)] = SKY
        found[hits_car] = CAR
        return found.astype(np.uint8)

    def off(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Distance of places to the nearest edge of what is not drivable: kerbs, and the car's outline."""
        x0, x1, y0, y1, _ = self.car
        outside = np.hypot(
            np.maximum(0, np.maximum(x0 - x, x - x1)), np.maximum(0, np.maximum(y0 - y, y - y1))
        )
        inside = np.minimum(np.minimum(x - x0, x1 - x), np.minimum(y - y0, y1 - y))
        car = np.where(outside > 0, outside, np.abs(inside))
        return np.minimum(car, np.minimum(np.abs(y - self.left), np.abs(y - self.right)))

    def distance(self, bearing: float) -> float:
        """Distance of the first place that is not drivable, from the base along a bearing."""
        steps = np.arange(0.1, 15, 0.002)
        x, y = steps * np.cos(bearing), steps * np.sin(bearing)
        x0, x1, y0, y1, _ = self.car
        met = (y > self.left) | (y < self.right)
        met |= (x > x0) & (x < x1) & (y > y0) & (y < y1)
        return float(steps[met.argmax()]) if met.any() else np.inf


def footprint(lens: Lens, height: float, distance: np.ndarray) -> np.ndarray:
    """Length of the ground that a pixel covers at a distance from the point below the camera, metres."""
    return (distance**2 + height**2) / (height * lens.matrix[1, 1])


@pytest.mark.parametrize(("pitch", "roll"), TILTS)
@pytest.mark.parametrize("lens", LENSES.values(), ids=LENSES)
def test_the_scan_meets_kerbs_and_car_where_they_are(lens: Lens, pitch: float, roll: float) -> None:
    scene, grid = Traced(), GroundGrid(0.1, 9.0, 9.0)
    pose = CameraPose.of_angles(1.3, pitch, roll, yaw=0.05, x=0.4, y=-0.1)
    lookup = GroundLookup(lens, pose, grid)
    bearings = ScanBearings(lookup)
    ranges = FreeSpace(lookup, ROLES, scene.labels(lens, pose)).scan(bearings)
    truth = np.array([scene.distance(bearing) for bearing in bearings.angles])
    there = truth[:, None] * np.column_stack([np.cos(bearings.angles), np.sin(bearings.angles)])
    # Bearings along which the edge, and what is before and behind it, is in view: the others begin elsewhere.
    around = [
        lookup.in_view[grid.cell_of(*(there * near).T)] for near in np.linspace(0.95, 1.05, 9)
    ]
    shown = np.flatnonzero(np.isfinite(truth) & np.all(around, axis=0))
    assert len(shown) > 40 and np.isfinite(ranges[shown]).all()
    x, y = ranges[shown] * there[shown].T / truth[shown]
    allowed = grid.resolution + footprint(lens, 1.3, np.hypot(x - 0.4, y + 0.1))
    assert np.all(scene.off(x, y) <= allowed)
    straight = np.abs(bearings.angles).argmin()
    assert scene.distance(0.0) == pytest.approx(5.2, abs=0.01)
    assert abs(ranges[straight] - 5.2) <= grid.resolution + footprint(lens, 1.3, np.array(5.2))


@pytest.mark.parametrize("lens", LENSES.values(), ids=LENSES)
def test_cells_are_free_on_the_road_and_nowhere_else(lens: Lens) -> None:
    scene, grid = Traced(), GroundGrid(0.1, 9.0, 9.0)
    pose = CameraPose.of_angles(1.3, 0.2, 0.05)
    lookup = GroundLookup(lens, pose, grid)
    found = FreeSpace(lookup, ROLES, scene.labels(lens, pose)).grid.reshape(-1)
    x, y = grid.centers.T
    allowed = grid.resolution + footprint(lens, 1.3, np.hypot(x, y))
    x0, x1, y0, y1, _ = scene.car
    road = (y < scene.left) & (y > scene.right) & ~((x > x0) & (x < x1) & (y > y0) & (y < y1))
    clear = scene.off(x, y) > allowed
    assert (found == FREE).sum() > 800 and (found == OCCUPIED).sum() > 100
    assert not np.any((found == FREE) & ~road & clear)
    shadow = (x > x0) & (
        np.abs(np.arctan2(y, x) + 0.12) < 0.25
    )  # what the car hides, and its depth
    assert not np.any((found == OCCUPIED) & road & clear & ~shadow)
    # Behind the car's foot nothing is known.
    behind = (x > x0 + 1.0) & (y > y0 + 0.4) & (y < y1 - 0.4)
    assert behind.any() and np.all(found[behind] == UNKNOWN)


def test_a_wrong_pitch_is_noticed_by_these_tests() -> None:
    scene, lens = Traced(), LENSES["none"]
    labels = scene.labels(lens, CameraPose.of_angles(1.3, 0.2))
    off = GroundLookup(lens, CameraPose.of_angles(1.3, 0.23), GroundGrid(0.1, 9, 9))
    bearings = ScanBearings(off)
    ranges = FreeSpace(off, ROLES, labels).scan(bearings)
    assert abs(ranges[np.abs(bearings.angles).argmin()] - 5.2) > 0.2


@pytest.mark.parametrize(("pitch", "roll"), [(-0.15, 0.0), (-0.25, 0.1), (-0.2, -0.15)])
def test_the_generated_street(pitch: float, roll: float) -> None:
    """Every cell agrees with the label where the street's own camera says that its place is."""
    street = StreetScene(seed=4, size=SIZE, pitch=pitch, roll=roll)
    camera, (_, labels) = street.camera(20), street.render(20)
    across, height, along = camera.position
    pose = CameraPose.of_angles(height, -camera.pitch, camera.roll, -camera.yaw, y=-across)
    grid = GroundGrid(0.1, 9.0, 12.0)
    lookup = GroundLookup(Lens(SIZE, camera.intrinsics), pose, grid)
    found = FreeSpace(lookup, ROLES, labels).grid.reshape(-1)
    world = np.zeros((grid.cells, 3))
    world[:, 0], world[:, 2] = -grid.centers[:, 1], along + grid.centers[:, 0]
    rays = camera.rays(world)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns, rows = np.rint(rays[:, :2].T / rays[:, 2])
    shown = (rays[:, 2] > 0) & (columns >= 0) & (columns < 640) & (rows >= 0) & (rows < 480)
    here = np.full(grid.cells, UNLABELLED)
    here[shown] = labels[rows[shown].astype(int), columns[shown].astype(int)]
    assert (found == FREE).sum() > 1000
    assert (here[(found == FREE) & shown] == ROAD).mean() > 0.99
    assert np.all(found[~shown & (grid.centers[:, 0] < 0.5)] == UNKNOWN)
    # The kerb is a straight line along the street, at the same place however the camera is turned.
    free = (found == FREE).reshape(grid.shape)[:, 45:80]
    kerb = grid.origin[1] + (grid.shape[0] - free[::-1].argmax(axis=0)) * grid.resolution
    assert np.ptp(kerb) < 0.35 and np.median(kerb) == pytest.approx(street.kerbs[0], abs=0.15)


def test_range_ends_where_a_pixel_covers_a_cell() -> None:
    lens, height = LENSES["none"], 0.5
    for resolution in (0.1, 0.2):
        grid = GroundGrid(resolution, 20, 20)
        lookup = GroundLookup(lens, CameraPose.of_angles(height, 0.1), grid)
        ahead = lookup.in_view[:-1] & (np.abs(grid.centers[:, 1]) < resolution)
        # A pixel covers d^2 / (h f) of the ground: 5.07 m ahead that is 0.1 m, and 7.18 m ahead 0.2 m.
        end = np.sqrt(resolution * height * 515)
        assert grid.centers[ahead, 0].max() == pytest.approx(end, abs=1.5 * resolution)


def test_a_large_grid_is_filled_as_far_as_the_camera_sees() -> None:
    pose = CameraPose.of_angles(0.5, 0.1)
    small, large = (
        GroundLookup(LENSES["none"], pose, GroundGrid(0.1, extent, extent)) for extent in (12, 190)
    )
    far = [np.hypot(*t.grid.centers[t.in_view[:-1]].T).max() for t in (small, large)]
    assert far[0] == pytest.approx(far[1], abs=0.2)
    assert abs(small.in_view.sum() - large.in_view.sum()) < 0.02 * small.in_view.sum()


def flat_view(roles: ClassRoles = ROLES) -> tuple[GroundLookup, np.ndarray]:
    lens = LENSES["none"]
    lookup = GroundLookup(lens, CameraPose.of_angles(1.0, 0.4), GroundGrid(0.1, 4, 4))
    return lookup, np.full(lens.size, ROAD, np.uint8)


def test_pixels_without_a_class_or_confidence_are_unknown() -> None:
    lookup, labels = flat_view()
    confidence = np.full(labels.shape, 200, np.uint8)
    confidence[:, 320:] = 100
    labels[240:, :200] = UNLABELLED
    found = FreeSpace(lookup, ROLES, labels, confidence, min_confidence=0.5)
    right = found.grid[:18]  # y < -0.2
    assert np.all(right == UNKNOWN) and (found.grid == FREE).sum() > 100
    everything = FreeSpace(lookup, ROLES, labels, confidence, min_confidence=0.3)
    assert np.any(everything.grid[:18] == FREE)
    assert np.any((everything.grid == FREE) & (found.grid == UNKNOWN))
    assert np.all(FreeSpace(lookup, ROLES, np.full_like(labels, UNLABELLED)).grid == UNKNOWN)


def test_scan_tells_free_from_unknown() -> None:
    lookup, labels = flat_view()
    bearings = ScanBearings(lookup)
    assert np.all(np.isposinf(FreeSpace(lookup, ROLES, labels).scan(bearings)))
    assert np.all(np.isnan(FreeSpace(lookup, ROLES, np.full_like(labels, SKY)).scan(bearings)))
    labels[:200] = UNLABELLED  # the far part is unknown: nothing may be cleared through it
    ahead = np.abs(bearings.angles) < 0.2
    assert np.isnan(FreeSpace(lookup, ROLES, labels).scan(bearings)[ahead]).all()


def test_a_thing_whose_foot_is_below_the_image_is_as_near_as_can_be() -> None:
    lookup, labels = flat_view()
    labels[:] = CAR
    found = FreeSpace(lookup, ROLES, labels)
    near = np.flatnonzero(found.grid[20] == OCCUPIED)
    assert 3 <= len(near) <= 7 and np.all(found.grid[20, near[-1] + 2 :] == UNKNOWN)


def test_cells_of_the_cloud_carry_class_and_confidence() -> None:
    lookup, labels = flat_view()
    labels[:, 400:] = SIDEWALK
    confidence = np.where(labels == ROAD, 255, 51).astype(np.uint8)
    found = FreeSpace(lookup, ROLES, labels, confidence)
    cells, classes, sure = found.known_cells()
    assert set(classes) == {ROAD, SIDEWALK}
    values = found.grid.reshape(-1)[cells]
    assert np.array_equal(values == FREE, classes == ROAD)
    np.testing.assert_allclose(sure, np.where(classes == ROAD, 1.0, 0.2), atol=1e-6)
    assert np.isnan(FreeSpace(lookup, ROLES, labels).known_cells()[2]).all()


def test_roles_of_known_and_other_classes() -> None:
    roles = ClassRoles(CITYSCAPES19.names, drivable=("Road", "sidewalk"))
    names = {name: roles.table[i] for i, name in enumerate(CITYSCAPES19.names)}
    assert names["road"] == names["sidewalk"] == 1 and names["terrain"] == 2
    assert names["sky"] == 0 and names["person"] == 3
    for bad in ({"drivable": ("Raod",)}, {"flat": ("Raod",)}, {"drivable": ()}):
        with pytest.raises(JetSegError, match=r"expected some of the model's classes, Sky, Build"):
            ClassRoles(CAMVID11.names, **bad)


@pytest.mark.parametrize(
    ("lens", "said"),
    [
        ((np.zeros((3, 3)), "", ()), "k is zero.*calibrate"),
        ((np.diag([-500.0, 500, 1]), "", ()), "focal lengths in k are \\[-500, 500\\]"),
        ((np.diag([np.nan, 500, 1]), "", ()), "k holds"),
        ((MATRIX, "thin_prism", (0.0,)), "distortion_model is 'thin_prism'; expected plumb_bob"),
        ((MATRIX, "plumb_bob", (0.0, 0.0)), "d has 2 coefficients; plumb_bob has 0 or 4 or 5"),
        ((MATRIX, "equidistant", (0.0, 0.0, 0.0, np.inf)), "d holds"),
    ],
)
def test_a_calibration_that_is_none_is_refused(lens: tuple, said: str) -> None:
    with pytest.raises(JetSegError, match=said):
        Lens(SIZE, *lens)


def test_a_pose_that_is_none_is_refused() -> None:
    with pytest.raises(JetSegError, match="above the ground; expected more than 0"):
        CameraPose.of_angles(-0.2)
    with pytest.raises(JetSegError, match="not numbers"):
        CameraPose.of_angles(1.0, float("nan"))
    with pytest.raises(JetSegError, match="quaternion of zeros"):
        CameraPose.of_transform((0, 0, 1), (0, 0, 0, 0))
    for pitch in (-1.0, 3.0):
        with pytest.raises(JetSegError, match="sees no cell"):
            GroundLookup(LENSES["none"], CameraPose.of_angles(1.0, pitch), GroundGrid())
    with pytest.raises(JetSegError, match="one to 4000000 cells"):
        GroundGrid(0.001, 100, 100)


def test_a_transform_is_the_pose_of_the_same_angles() -> None:
    angles = CameraPose.of_angles(1.2, 0.3, -0.1, 0.5, x=0.2, y=0.1)
    w = np.sqrt(1 + np.trace(angles.rotation)) / 2
    r = angles.rotation
    axis = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / (4 * w)
    pose = CameraPose.of_transform((0.2, 0.1, 1.5), (*axis, w), ground_z=0.3)
    np.testing.assert_allclose(pose.rotation, angles.rotation, atol=1e-12)
    np.testing.assert_allclose(pose.position, angles.position)
    assert pose.rotation[:, 2] @ (1, 0, 0) > 0.8 and pose.rotation[2, 2] < 0  # forward, and down


@pytest.mark.parametrize("name", LENSES)
def test_slopes_are_the_differences_of_neighbours(name: str) -> None:
    lens = LENSES[name]
    points = np.random.default_rng(0).uniform((-1, -0.7, 2), (1, 0.7, 5), (50, 3))
    pixels, slopes = lens.project_with_slopes(points)
    np.testing.assert_array_equal(pixels, lens.project(points))
    for axis, step in enumerate(1e-5 * np.eye(3)):
        change = (lens.project(points + step) - lens.project(points - step)) / 2e-5
        np.testing.assert_allclose(slopes[..., axis], change, rtol=1e-5, atol=1e-3)
    behind = lens.project_with_slopes(-points)
    assert all(np.isnan(values).all() for values in behind)


def test_a_polynomial_that_folds_back_shows_nothing_beyond() -> None:
    lens = Lens(SIZE, MATRIX, "plumb_bob", (-0.45, 0.0, 0.0, 0.0, 0.0))
    # r - 0.45 r^3 grows up to r = 0.86; a point at r = 1.4 would land inside the image.
    points = np.array([(0.8, 0.0, 1.0), (1.4, 0.0, 1.0), (0.0, 0.0, -1.0)])
    pixels = lens.project(points)
    assert np.isfinite(pixels[0]).all() and np.isnan(pixels[1:]).all()


def test_a_rectified_image_goes_by_p_without_distortion() -> None:
    p = np.array([[400.0, 0, 320, 0], [0, 400, 240, 0], [0, 0, 1, 0]])
    fields = {
        "height": 480, "width": 640, "k": MATRIX.ravel(), "p": p.ravel(), "d": [0.1] * 5,
        "distortion_model": "plumb_bob",
    }  # fmt: skip
    raw, rectified = Lens.of(fields), Lens.of(fields, rectified=True)
    assert raw.coefficients == (0.1,) * 5 and rectified.coefficients == ()
    np.testing.assert_array_equal(rectified.matrix, p[:, :3])
