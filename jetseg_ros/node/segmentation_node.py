"""The lifecycle node: camera images in, labels and figures of them out."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from jetseg.msg import ModelInfo
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import serialize_message
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from jetseg_core.errors import JetSegError, one_line
from jetseg_core.recording.message_fields import model_fields
from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime
from jetseg_ros.node.command_line import node_parser
from jetseg_ros.node.diagnostics import CameraMonitor, model_status, reporting
from jetseg_ros.node.frame_slots import FrameSlots, InputMessage
from jetseg_ros.node.intake import Intake, explain_silence
from jetseg_ros.node.messages import to_message
from jetseg_ros.node.parameter_mirror import ParameterMirror
from jetseg_ros.node.parameters import SegmentationParameters
from jetseg_ros.node.process import answer_every_request, run_node
from jetseg_ros.node.publishers import CameraOutputs, ModelOutputs
from jetseg_ros.node.worker import CameraState, Worker

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

STOP_TIMEOUT_S = 1.0
"""Longest delay of deactivation by a frame in work, seconds; a process should end within 2 s."""


class SegmentationNode(LifecycleNode):
    """Segments the newest frame of each camera; see the parameters for what can be set.

    One thread takes the cameras' messages and only stores them; the worker's threads decode, segment and publish. The
    executor, which may be a single-threaded one, serves parameters, lifecycle and the diagnostics.
    """

    def __init__(self, node_name: str = "jetseg", **options: Any) -> None:
        super().__init__(node_name, **options)
        self._runtime: Runtime | None = None
        self._worker: Worker | None = None
        self._cameras: list[CameraState] = []
        self._monitors: list[CameraMonitor] = []
        self._intake: Intake | None = None
        self._latched: dict[int, Subscription] = {}
        self._slots: FrameSlots[InputMessage] = FrameSlots(0)
        try:
            self._mirror = ParameterMirror(
                self, SegmentationParameters, configured=lambda: self._runtime is not None
            )
        except Exception:
            super().destroy_node()  # else its name stays taken in this process
            raise
        self._model_outputs = ModelOutputs(self)
        # Not managed by the lifecycle, and on a steady clock: it reports in every state.
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(1.0, self._every_second, clock=Clock(clock_type=ClockType.STEADY_TIME))
        answer_every_request(self)

    @property
    def parameters(self) -> SegmentationParameters:
        """The parameters as they are now."""
        return self._mirror.values

    @property
    def _full_name(self) -> str:
        """Name with namespace, which tells nodes apart in /diagnostics."""
        return self.get_fully_qualified_name().lstrip("/")

    def take_image(self, message: InputMessage, camera: int = 0) -> None:
        """Segment an image of this process as if it had come on the camera's topic; the middleware copies nothing.

        May be called from any thread. While the node is not active, the image is dropped.

        Args:
            message: the image; not to be changed afterwards.
            camera: position in the parameter `cameras`.
        """
        if self._worker is not None:
            self._slots.put(camera, message)

    def autostart(self) -> bool:
        """Configure and activate if the parameter `autostart` is true; returns False if that failed."""
        if not self.parameters.autostart:
            return True
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and create the outputs."""
        try:
            self._mirror.check()
            self._runtime = self._load(self.parameters.runtime_settings())
            self._check_cameras()
            for prefix in self.parameters.cameras:
                self._cameras.append(CameraState(prefix, CameraOutputs(self, prefix)))
            self._slots = FrameSlots(len(self._cameras))
        except Exception as error:
            self._release()
            return self._refuse("configure", error)
        return super().on_configure(state)

    def _load(self, settings: RuntimeSettings) -> Runtime:
        """Load the model and try it now, so that it does not fail on a frame.

        Raises:
            JetSegError: the model cannot be loaded, or a parameter does not suit it.
            Exception: the backend fails, or a text of the model cannot be sent as a message.
        """
        self.get_logger().info(
            f"loading {one_line(settings.checkpoint)} (backend {settings.backend}); one that compiles may take "
            "minutes the first time"
        )
        with reporting(self._publish_diagnostics):
            runtime = create_runtime(settings)
            self._check_combination(runtime)
            self.parameters.check_classes(runtime.description.classes.names)
            # The first inference may compile and allocate, or fail.
            runtime.segment(np.zeros((64, 64, 3), np.uint8), confidence=True)
            serialize_message(to_message(ModelInfo, model_fields(runtime), Header()))
        log = self.get_logger().warning if runtime.degraded else self.get_logger().info
        log(one_line(f"model {runtime.description.name}: {runtime.selection}"))
        return runtime

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the cameras and start the worker."""
        assert self._runtime is not None
        try:
            self._intake = self._create_intake()
            self._mirror.warn_of_unknown_names(qos_overrides=True)
            self._worker = Worker(
                self._runtime,
                self._slots,
                self._cameras,
                lambda: self.parameters,
                self.get_clock(),
                self.get_logger(),
                self.context.ok,
            )
            name = f"{self._full_name}: camera"
            self._monitors = [CameraMonitor(f"{name} {c.name}".rstrip()) for c in self._cameras]
            outcome = super().on_activate(state)
            self._model_outputs.publish(self._runtime, self.parameters.min_confidence)
            self._intake.start()  # last: outputs are published from now on
        except Exception as error:  # a wrong value of a qos_overrides parameter, say
            self._stop()
            super().on_deactivate(state)
            return self._refuse("activate", error)
        return outcome

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and stop the worker; the model stays loaded."""
        if not self._stop():
            self.get_logger().error(
                f"deactivate: inference has not come back within {STOP_TIMEOUT_S:g} s and is given "
                "up; configure the node again"
            )
            return ERROR
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unload the model and remove the outputs."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and release everything."""
        self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, so that the node can be configured again."""
        self._release()
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Stop the worker before the middleware goes."""
        self._release()
        super().destroy_node()

    def _create_intake(self) -> Intake:
        """Subscribe to every camera; on failure, unsubscribe and raise."""
        intake = Intake(self)
        try:
            for index, camera in enumerate(self._cameras):
                intake.subscribe(*self._input(index), partial(self._slots.put, index))
                keep = partial(setattr, camera, "calibration")
                topic = self._topic(index, "camera_info")
                intake.subscribe(CameraInfo, topic, keep)
        except Exception:
            intake.stop()
            raise
        return intake

    def _input(self, index: int) -> tuple[type, str]:
        """Type and topic of a camera's images. As with image_transport, a remap of `image` moves `image/compressed`."""
        image = self._topic(index, "image")
        if self.parameters.transport != "compressed":
            return Image, image
        compressed = f"{image}/compressed"
        if self.resolve_topic_name(compressed) != self.resolve_topic_name(
            compressed, only_expand=True
        ):
            return CompressedImage, compressed
        return CompressedImage, f"{self.resolve_topic_name(image)}/compressed"

    def _topic(self, index: int, name: str) -> str:
        return self._name_of(self._cameras[index].name, name)

    @staticmethod
    def _name_of(prefix: str, name: str) -> str:
        return f"{prefix}/{name}" if prefix else name

    def _ask_for_latched_calibration(self, index: int) -> None:
        """Subscribe to a calibration that was sent once, before this node began.

        Only where such a publisher is: others do not match this subscription, and rclpy would warn of them.
        """
        camera, topic = self._cameras[index], self._topic(index, "camera_info")
        if camera.calibration is not None or index in self._latched:
            return
        publishers = self.get_publishers_info_by_topic(self.resolve_topic_name(topic))
        if any(p.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in publishers):
            keep = partial(setattr, camera, "calibration")
            self._latched[index] = self.create_subscription(CameraInfo, topic, keep, LATCHED)

    def _renew_intake(self) -> None:
        """Subscribe once more where a camera came that the subscriptions do not suit."""
        if self._intake is not None and self._intake.is_outdated():
            self._intake.stop()
            self._intake = self._create_intake()
            self._intake.start()

    def _silence(self, index: int) -> str:
        """The reason why no image of a camera comes, and the remedy; logged, too."""
        kind, topic = self._input(index)
        reason = explain_silence(self, kind, topic)
        self.get_logger().warning(reason, throttle_duration_sec=10.0)
        return reason

    def _stop(self) -> bool:
        if self._intake is not None:
            self._intake.stop()
            self._intake = None
        for subscription in self._latched.values():
            self.destroy_subscription(subscription)
        self._latched.clear()
        self._monitors.clear()
        worker, self._worker = self._worker, None
        return worker is None or worker.stop(STOP_TIMEOUT_S)

    def _release(self) -> None:
        # A runtime whose inference hangs cannot be closed; it is left to its thread.
        if self._stop() and self._runtime is not None:
            self._runtime.close()
        self._runtime = None
        for camera in self._cameras:
            camera.outputs.destroy()
        self._cameras.clear()

    def _check_combination(self, runtime: Runtime) -> None:
        wanted, model = self.parameters.combination, runtime.description
        if wanted not in (-1, model.combination):
            raise JetSegError(
                f"model.combination is {wanted}, but {model.name} has combination "
                f"{model.combination}; choose another checkpoint, or -1 for any"
            )

    def _check_cameras(self) -> None:
        cameras: dict[str, str] = {}
        for prefix in self.parameters.cameras:
            topic = self.resolve_topic_name(self._name_of(prefix, "image"), only_expand=True)
            other = cameras.setdefault(topic, prefix)
            if other != prefix:
                raise JetSegError(
                    f"cameras: '{other}' and '{prefix}' are one topic, {topic}; leave one out"
                )

    def _refuse(self, transition: str, error: Exception) -> TransitionCallbackReturn:
        kind = "" if isinstance(error, JetSegError) else f"{type(error).__name__}: "
        self.get_logger().error(one_line(f"{transition} failed: {kind}{error}", 2000))
        return FAILURE

    def _every_second(self) -> None:
        if self._worker is not None and self._runtime is not None:  # active
            for index in range(len(self._cameras)):
                self._ask_for_latched_calibration(index)
            self._renew_intake()
            self._model_outputs.update_threshold(self._runtime, self.parameters.min_confidence)
        self._publish_diagnostics()

    def _publish_diagnostics(self) -> None:
        if not self.context.ok():  # an interrupt took the middleware away
            return
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        _, state = self._state_machine.current_state
        message.status.append(model_status(f"{self._full_name}: model", state, self._runtime))
        for index, monitor in enumerate(self._monitors):  # none unless active
            status = monitor.status(
                self._slots.counts(index),
                self._cameras[index].latency.summaries(),
                min_rate=self.parameters.min_rate,
                timeout_s=self.parameters.timeout_s,
                busy_s=self._worker.busy_s if self._worker else 0.0,
                stale_age_s=self._cameras[index].stale_age_s,
                max_age_ms=self.parameters.max_age_ms,
                silence=partial(self._silence, index),
                wanted=bool(self._cameras[index].outputs.demand()),
            )
            message.status.append(status)
        for status in message.status:
            status.hardware_id = self._full_name
        self._diagnostics.publish(message)


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; returns the exit status."""
    parser = node_parser(
        "jetseg-node",
        "Segments camera images, as a ROS 2 lifecycle node: image in; segmentation/label, occupancy and more out.",
        SegmentationParameters,
    )
    return run_node(SegmentationNode, SegmentationNode.autostart, args, parser)


if __name__ == "__main__":
    sys.exit(main())
