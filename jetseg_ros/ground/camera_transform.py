"""The camera's pose from TF, where tf2_ros is installed."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.time import Time

from jetseg_core.errors import JetSegError
from jetseg_core.ground import CameraPose


class CameraTransform:
    """Listener of TF, from the first call of `pose` on.

    Args:
        node: subscribes to /tf and /tf_static.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None

    def pose(self, base_frame: str, camera_frame: str, ground_z: float) -> CameraPose:
        """The newest pose of an optical frame.

        Args:
            base_frame: frame of the pose.
            camera_frame: frame_id of the images, x right, y down, z forward.
            ground_z: height of the ground in the base's frame, metres.

        Raises:
            JetSegError: TF does not know it, or tf2_ros is not installed.
        """
        try:
            import tf2_ros
        except ImportError as error:
            raise JetSegError(
                "camera.height is 0, so the camera's pose comes from TF, and tf2_ros is not installed "
                f"({error}); give camera.height and camera.pitch, or install tf2_ros"
            ) from None
        if self._buffer is None:
            self._buffer = tf2_ros.Buffer()
            self._listener = tf2_ros.TransformListener(self._buffer, self._node)
        try:
            found = self._buffer.lookup_transform(base_frame, camera_frame, Time()).transform
        except tf2_ros.TransformException as error:
            raise JetSegError(
                f"TF has no transform from '{camera_frame}' (the images' frame_id) to '{base_frame}' (base_frame): "
                f"{str(error).splitlines()[0]}; publish it, or give camera.height and camera.pitch"
            ) from None
        place, turn = found.translation, found.rotation
        return CameraPose.of_transform(
            (place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w), ground_z
        )
