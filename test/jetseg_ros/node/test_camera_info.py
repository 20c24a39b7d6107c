"""Calibration for another image size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from jetseg_core.results.camera_info import camera_info_fields
from jetseg_core.runtime.geometry import Size, View, crop, letterbox, stretch
from jetseg_ros.node.messages import to_message


def resize_camera_info(info: CameraInfo, view: View) -> CameraInfo:
    fields = camera_info_fields(info, view)
    assert fields is not None
    return to_message(CameraInfo, fields)


def calibration() -> CameraInfo:
    info = CameraInfo(
        height=480, width=640, distortion_model="plumb_bob", d=[0.1, -0.2, 0.0, 0.0, 0.0]
    )
    info.k = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
    info.p = [490.0, 0.0, 310.0, -49.0, 0.0, 500.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    info.r = np.eye(3).ravel()
    return info


def test_the_same_size_changes_nothing() -> None:
    info = calibration()
    same = resize_camera_info(info, stretch((480, 640), (480, 640)))
    assert same == info and same is not info


def test_focal_lengths_and_centers_scale() -> None:
    info = resize_camera_info(calibration(), stretch((480, 640), (120, 320)))
    assert (info.height, info.width) == (120, 320)
    assert info.k.tolist() == [250.0, 0.0, 160.0, 0.0, 127.5, 60.0, 0.0, 0.0, 1.0]
    expected = [245.0, 0.0, 155.0, -24.5, 0.0, 125.0, 57.5, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert info.p.tolist() == expected
    assert info.d == calibration().d and info.r.tolist() == calibration().r.tolist()


def test_a_point_is_seen_at_the_same_place_of_the_image() -> None:
    point = np.array([0.3, -0.2, 2.0, 1.0])
    before, after = (
        calibration(),
        resize_camera_info(calibration(), stretch((480, 640), (360, 480))),
    )
    for info, scale in ((before, 1.0), (after, 0.75)):
        u, v, w = info.p.reshape(3, 4) @ point
        np.testing.assert_allclose((u / w / scale, v / w / scale), (359.0, 180.0))


@pytest.mark.parametrize("fit", [stretch, letterbox, crop])
def test_calibration_and_picture_move_together(fit: Callable[[Size, Size], View]) -> None:
    # A bright square in a dark frame: where the calibration says that its corner went is its corner.
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[240:, 320:] = 255
    view = fit((480, 640), (96, 320))
    info = resize_camera_info(calibration(), view)
    assert (info.height, info.width) == (96, 320)
    corner = round(info.k[2]), round(info.k[5])  # the calibration's center is (320, 240)
    inside = view.render(frame)[view.shown.slices][..., 0] > 127
    row, column = (int(np.flatnonzero(inside.any(axis=axis))[0]) for axis in (1, 0))
    assert corner == (column + view.shown.left, row + view.shown.top)


def test_region_of_interest_and_binning_are_folded_in() -> None:
    info = calibration()
    info.roi = RegionOfInterest(x_offset=100, y_offset=40, width=400, height=400)
    info.binning_x = info.binning_y = 2
    # The image: 400x400, binned.
    resized = resize_camera_info(info, stretch((200, 200), (100, 100)))
    assert resized.k.tolist() == [125.0, 0.0, 55.0, 0.0, 127.5, 50.0, 0.0, 0.0, 1.0]
    assert resized.roi == RegionOfInterest() and resized.binning_x == 0


def test_zeros_mean_uncalibrated_and_stay() -> None:
    info = resize_camera_info(CameraInfo(), stretch((480, 640), (120, 320)))
    assert not info.k.any() and not info.p.any() and (info.height, info.width) == (120, 320)


def test_a_calibration_of_another_size_is_scaled_to_the_image() -> None:
    frame = (240, 320)
    scaled = resize_camera_info(calibration(), stretch(frame, frame))
    assert (scaled.height, scaled.width) == frame
    assert scaled.k.tolist() == [250.0, 0.0, 160.0, 0.0, 255.0, 120.0, 0.0, 0.0, 1.0]
    smaller = resize_camera_info(calibration(), stretch(frame, (120, 160)))
    assert smaller.k.tolist() == [125.0, 0.0, 80.0, 0.0, 127.5, 60.0, 0.0, 0.0, 1.0]


def test_a_calibration_of_another_aspect_ratio_is_withheld() -> None:
    assert camera_info_fields(calibration(), stretch((360, 640), (360, 640))) is None


def test_binning_is_folded_in_where_nothing_is_resized() -> None:
    info = calibration()
    info.binning_x = info.binning_y = 2
    binned = resize_camera_info(info, stretch((240, 320), (240, 320)))
    assert (binned.height, binned.width, binned.binning_x) == (240, 320, 0)
    assert binned.k.tolist() == [250.0, 0.0, 160.0, 0.0, 255.0, 120.0, 0.0, 0.0, 1.0]


def test_an_uncalibrated_camera_gets_the_size_of_the_label() -> None:
    info = resize_camera_info(CameraInfo(), stretch((240, 320), (240, 320)))
    assert (info.height, info.width) == (240, 320) and not info.k.any()
