"""Calibration for another image size."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from jetseg_ros.camera_info import resize_camera_info


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
    same = resize_camera_info(info, (480, 640), (480, 640))
    assert same == info and same is not info


def test_focal_lengths_and_centers_scale() -> None:
    info = resize_camera_info(calibration(), (480, 640), (120, 320))
    assert (info.height, info.width) == (120, 320)
    assert info.k.tolist() == [250.0, 0.0, 160.0, 0.0, 127.5, 60.0, 0.0, 0.0, 1.0]
    expected = [245.0, 0.0, 155.0, -24.5, 0.0, 125.0, 57.5, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert info.p.tolist() == expected
    assert info.d == calibration().d and info.r.tolist() == calibration().r.tolist()


def test_a_point_is_seen_at_the_same_place_of_the_image() -> None:
    point = np.array([0.3, -0.2, 2.0, 1.0])
    before, after = calibration(), resize_camera_info(calibration(), (480, 640), (360, 480))
    for info, scale in ((before, 1.0), (after, 0.75)):
        u, v, w = info.p.reshape(3, 4) @ point
        np.testing.assert_allclose((u / w / scale, v / w / scale), (359.0, 180.0))


def test_region_of_interest_and_binning_are_folded_in() -> None:
    info = calibration()
    info.roi = RegionOfInterest(x_offset=100, y_offset=40, width=400, height=400)
    info.binning_x = info.binning_y = 2
    resized = resize_camera_info(info, (200, 200), (100, 100))  # the image: 400x400, binned
    assert resized.k.tolist() == [125.0, 0.0, 55.0, 0.0, 127.5, 50.0, 0.0, 0.0, 1.0]
    assert resized.roi == RegionOfInterest() and resized.binning_x == 0


def test_zeros_mean_uncalibrated_and_stay() -> None:
    info = resize_camera_info(CameraInfo(), (480, 640), (120, 320))
    assert not info.k.any() and not info.p.any() and (info.height, info.width) == (120, 320)
