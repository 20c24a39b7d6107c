"""Position and orientation of a camera above the ground.

Axes of the base (REP 103): x forward, y left, z up, in metres; the ground is the plane z = 0. Optical axes of the
camera: x right, y down, z forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin

import numpy as np

from jetseg_core.errors import JetSegError

FORWARD = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
"""Rotation from the optical axes of a level camera that looks forward to those of the base."""


@dataclass(frozen=True)
class CameraPose:
    """A camera's pose in the base's frame.

    Raises:
        JetSegError: the camera is not above the ground, or a value is not a number.
    """

    rotation: np.ndarray
    """(3, 3) rotation from optical axes to the base's."""
    position: np.ndarray
    """(3,) optical centre; its z is the height above the ground."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rotation).all() and np.isfinite(self.position).all()):
            raise JetSegError("the camera's pose holds values that are not numbers; correct it")
        if not self.position[2] > 0:
            raise JetSegError(
                f"the camera is {self.position[2]:g} m above the ground; expected more than 0: correct "
                "camera.height, or the transform to the base's frame and ground.z"
            )

    @classmethod
    def of_angles(
        cls,
        height: float,
        pitch: float = 0.0,
        roll: float = 0.0,
        yaw: float = 0.0,
        x: float = 0.0,
        y: float = 0.0,
    ) -> CameraPose:
        """A pose as a URDF gives it.

        Args:
            height: of the optical centre above the ground, metres.
            pitch: radians; positive looks down.
            roll: radians; positive tilts to the right.
            yaw: radians; positive looks to the left.
            x, y: of the optical centre in the base's frame, metres.

        Raises:
            JetSegError: see the class.
        """
        cr, sr, cp, sp, cy, sy = cos(roll), sin(roll), cos(pitch), sin(pitch), cos(yaw), sin(yaw)
        tilt = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        nod = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
        return cls(turn @ nod @ tilt @ FORWARD, np.array([x, y, height]))

    @classmethod
    def of_transform(
        cls, translation: Sequence[float], quaternion: Sequence[float], ground_z: float = 0.0
    ) -> CameraPose:
        """A pose as TF gives it.

        Args:
            translation: (x, y, z) of the optical frame in the base's frame, metres.
            quaternion: (x, y, z, w) from the optical frame to the base's.
            ground_z: height of the ground in the base's frame, metres.

        Raises:
            JetSegError: see the class; or the quaternion is zero.
        """
        norm = np.linalg.norm(quaternion)
        if not norm > 0:
            raise JetSegError("the camera's transform has a quaternion of zeros; correct it")
        x, y, z, w = np.array(quaternion, float) / norm
        vector = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        rotation = np.eye(3) + 2 * w * vector + 2 * vector @ vector
        return cls(rotation, np.array(translation, float) - (0, 0, ground_z))

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the base's frame in optical axes, metres."""
        return (points - self.position) @ self.rotation
