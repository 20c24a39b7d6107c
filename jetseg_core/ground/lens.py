"""The lens of a calibrated camera: from points in front of it to pixels, with the distortion models of ROS.

The models are those of sensor_msgs/CameraInfo (REP 104), computed by OpenCV: plumb_bob, rational_polynomial and
equidistant (a fisheye). Axes are optical (REP 103): x right, y down, z forward. Pixel (0, 0) is the centre of the top
left pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from jetseg_core.errors import JetSegError

COEFFICIENTS: Mapping[str, tuple[int, ...]] = {
    "": (0,),
    "plumb_bob": (0, 4, 5),
    "rational_polynomial": (8, 12, 14),
    "equidistant": (4,),
}
"""Numbers of coefficients that each distortion model may have; the empty name is a camera without distortion."""

CALIBRATE = "calibrate the camera (ros2 run camera_calibration cameracalibrator)"
_STEEPEST = np.radians(89.5)
"""Angle from the optical axis beyond which no pixel is looked for, radians."""


@dataclass(frozen=True)
class Lens:
    """Intrinsics and distortion of a camera.

    Raises:
        JetSegError: the values are not those of a calibrated camera; the message names the field.
    """

    size: tuple[int, int]
    """(height, width) of the image, pixels."""
    matrix: np.ndarray
    """(3, 3) camera matrix K, pixels."""
    model: str = ""
    """Distortion model, a key of `COEFFICIENTS`."""
    coefficients: tuple[float, ...] = ()
    """The model's coefficients, in the order of CameraInfo's `d`."""

    def __post_init__(self) -> None:
        focal = np.diag(self.matrix)[:2]
        if not np.isfinite(self.matrix).all():
            raise JetSegError(f"camera_info: k holds {_listed(self.matrix)}; {CALIBRATE}")
        if not focal.any():
            raise JetSegError(f"camera_info: k is zero, so the camera is uncalibrated; {CALIBRATE}")
        if not (focal > 0).all():
            raise JetSegError(
                f"camera_info: the focal lengths in k are {_listed(focal)} pixels; expected more than 0: {CALIBRATE}"
            )
        if self.model not in COEFFICIENTS:
            known = ", ".join(name for name in COEFFICIENTS if name)
            raise JetSegError(
                f"camera_info: distortion_model is '{self.model}'; expected {known}, or '' for none: calibrate with "
                "one of them, or rectify the image and set camera.rectified"
            )
        if len(self.coefficients) not in COEFFICIENTS[self.model]:
            expected = " or ".join(map(str, COEFFICIENTS[self.model]))
            raise JetSegError(
                f"camera_info: d has {len(self.coefficients)} coefficients; {self.model or 'no distortion model'} has "
                f"{expected}: {CALIBRATE}"
            )
        if not np.isfinite(self.coefficients).all():
            raise JetSegError(f"camera_info: d holds {_listed(self.coefficients)}; {CALIBRATE}")

    @classmethod
    def of(cls, fields: Mapping[str, Any], rectified: bool = False) -> Lens:
        """The lens that a calibration describes.

        Args:
            fields: of sensor_msgs/CameraInfo, for the image's own size, without region or binning.
            rectified: True if the image was rectified: `p` counts then, and there is no distortion.

        Raises:
            JetSegError: see the class.
        """
        size = int(fields["height"]), int(fields["width"])
        if rectified:
            return cls(size, np.array(fields["p"], float).reshape(3, 4)[:, :3])
        coefficients = tuple(map(float, fields["d"]))
        matrix = np.array(fields["k"], float).reshape(3, 3)
        return cls(size, matrix, str(fields["distortion_model"]), coefficients)

    @cached_property
    def _steepest(self) -> float:
        """Tangent of the angle up to which a wider angle is farther from the image's centre.

        Beyond it, a polynomial folds back into the image, where other things are seen.
        """
        angles = np.linspace(0, _STEEPEST, 2000)[1:]
        reach = angles if self.model == "equidistant" else np.tan(angles)
        squared = reach**2
        if self.model == "equidistant":
            growth = np.polyval([*self.coefficients[::-1], 1.0], squared)
        else:
            d = np.zeros(8)
            d[: len(self.coefficients[:8])] = self.coefficients[:8]
            growth = np.polyval([d[4], d[1], d[0], 1.0], squared)
            divisor = np.polyval([d[7], d[6], d[5], 1.0], squared)
            growth = np.where(divisor > 0, growth / divisor, 0.0)
        distorted = reach * growth
        folds = np.flatnonzero(np.diff(distorted, prepend=0.0) <= 0)
        return float(np.tan(angles[folds[0] - 1] if len(folds) and folds[0] else angles[-1]))

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of points (N, 3) in optical axes, metres; NaN for those that the lens cannot show."""
        return self.project_with_slopes(points)[0]

    def project_with_slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels as of `project`, and the derivative (N, 2, 3) of each by its point, which OpenCV computes anyway."""
        pixels, slopes = np.full((len(points), 2), np.nan), np.full((len(points), 2, 3), np.nan)
        depth = points[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            tangent = np.hypot(points[:, 0], points[:, 1]) / depth
        shown = (depth > 0) & (tangent <= self._steepest)
        if not shown.any():
            return pixels, slopes
        seen = np.ascontiguousarray(points[shown], float).reshape(-1, 1, 3)
        still, d = np.zeros(3), np.array(self.coefficients)
        if self.model == "equidistant":
            found, by_all = cv2.fisheye.projectPoints(seen, still, still, self.matrix, d)
            # After focal lengths, principal point, four coefficients, and rotation.
            moved = by_all[:, 11:14]
        else:
            found, by_all = cv2.projectPoints(
                seen, still, still, self.matrix, d if d.size else None
            )
            moved = by_all[:, 3:6]  # after rotation
        pixels[shown] = found.reshape(-1, 2)
        slopes[shown] = moved.reshape(-1, 2, 3)
        return pixels, slopes


def _listed(values: Any) -> str:
    return "[" + ", ".join(f"{value:g}" for value in np.ravel(values)) + "]"
