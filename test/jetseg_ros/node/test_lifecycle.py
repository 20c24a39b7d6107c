"""A lifecycle node: its transitions, its starts, and the starts that fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime
from jetseg_ros.node import segmentation_node
from jetseg_ros.node.segmentation_node import SegmentationNode

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Gate, Rig

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE


def state(node: SegmentationNode) -> str:
    return node._state_machine.current_state[1]


def serves(rig: Rig, street: np.ndarray, labels: list[Image]) -> None:
    camera = rig.publisher()
    image = rig.image(street)

    rig.publish_until(
        camera,
        lambda: image,
        lambda: any(label.header == image.header for label in labels),
        "a label",
    )
    rig.peer.destroy_publisher(camera)


def test_a_manager_drives_it_through_the_services(rig: Rig, street: np.ndarray) -> None:
    node = rig.node(autostart=False)
    assert node.autostart() and state(node) == "unconfigured"
    change = rig.peer.create_client(ChangeState, "jetseg/change_state")
    get = rig.peer.create_client(GetState, "jetseg/get_state")

    def call(client: Any, request: Any) -> Any:
        rig.spin_until(client.service_is_ready, "the service")
        future = client.call_async(request)
        rig.spin_until(future.done, "the service's answer")
        return future.result()

    for transition, expected in (
        (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
        (Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED),
        (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
    ):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert call(change, request).success
        assert call(get, GetState.Request()).current_state.id == expected
    serves(rig, street, rig.record(Image, "segmentation/label"))

    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_ACTIVE_SHUTDOWN))
    assert call(change, request).success and state(node) == "finalized"
    assert node.count_subscribers("image") == 0


def test_inactive_means_silent(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node()
    labels = rig.record(Image, "segmentation/label")
    serves(rig, street, labels)
    assert node.trigger_deactivate() == SUCCESS
    rig.spin_until(lambda: rig.peer.count_subscribers("image") == 0, "the node to unsubscribe")
    camera = rig.peer.create_publisher(Image, "image", 5)
    unheard = [rig.image(street) for _ in range(3)]
    for image in unheard:
        camera.publish(image)
        rig.spin_for(0.1)
    # Labels of frames from before the deactivation may still be under way.
    stamps = [image.header.stamp for image in unheard]
    assert not [label for label in labels if label.header.stamp in stamps]
    assert node.trigger_activate() == SUCCESS
    serves(rig, street, labels)


def test_many_turns_leave_nothing_behind(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node()
    for _ in range(20):
        assert node.trigger_deactivate() == SUCCESS and node.trigger_activate() == SUCCESS
    assert node.trigger_deactivate() == SUCCESS and node.trigger_cleanup() == SUCCESS
    assert node._runtime is None and node._intake is None
    assert not [s for s in node.subscriptions if s.topic_name == "/image"]
    assert node.trigger_configure() == SUCCESS and node.trigger_activate() == SUCCESS
    labels = rig.record(Image, "segmentation/label")
    serves(rig, street, labels)
    (only,) = rig.peer.get_publishers_info_by_topic("/segmentation/label")
    assert only.node_name == "jetseg"


@pytest.fixture
def not_a_checkpoint(tmp_path: Path) -> str:
    file = tmp_path / "broken.pt"
    file.write_bytes(b"this is no checkpoint")
    return str(file)


@pytest.fixture
def not_an_export(tmp_path: Path) -> str:
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"this is no network")
    return str(file)


def refuses(
    rig: Rig, capfd: pytest.CaptureFixture[str], words: list[str], parameters: dict[str, Any]
) -> SegmentationNode:
    """Configuring fails with one error line that holds the words."""
    node = rig.node(**parameters)
    capfd.readouterr()
    assert node.autostart() is False
    assert state(node) == "unconfigured"
    errors = [line for line in capfd.readouterr().err.splitlines() if "[ERROR]" in line]
    assert len(errors) == 1, errors
    for word in words:
        assert word in errors[0]
    assert not list(node._cameras) and node._runtime is None
    return node


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"model__checkpoint": "nowhere/to/be/found.pt"}, ["found.pt", "no checkpoint"]),
        ({"model__checkpoint": "nano_of_mars"}, ["nano_of_mars", "nano_camvid11"]),
        ({"runtime__backend": "abacus"}, ["abacus", "torch", "openvino"]),
        ({"runtime__device": "toaster"}, ["toaster", "cpu", "cuda"]),
        ({"runtime__precision": "int3"}, ["int3", "fp32"]),
        ({"input__size": [480]}, ["input.size", "height, width"]),
        ({"input__size": [10, 10]}, ["10x10", "64"]),
        ({"input__resize": "squeeze"}, ["resize", "squeeze", "letterbox"]),
        ({"model__preset": "giant"}, ["model.preset", "giant", "'workstation'"]),
        ({"model__combination": 3}, ["model.combination is 3", "has combination 0"]),
        ({"input__transport": "pigeon"}, ["input.transport", "'raw' or 'compressed'"]),
        ({"output__size": "huge"}, ["output.size", "'source' or 'network'"]),
        ({"output__min_confidence": 1.5}, ["output.min_confidence", "1.5"]),
        ({"max_age_ms": "soon"}, ["max_age_ms", "soon", "expected a number"]),
        ({"cameras": ["left", "left"]}, ["cameras", "left"]),
        ({"cameras": ["in front"]}, ["cameras", "in front"]),
        ({"cameras": ["c" * 5000]}, ["cameras is ['ccc", "at most 150 characters"]),
        ({"cameras": ["front", "/front"]}, ["'front' and '/front' are one topic, /front/image"]),
        ({"regions": ["lane: 1 2"]}, ["lane: 1 2", "name: x y"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_bad_parameter_is_one_clear_error(
    rig: Rig, capfd: pytest.CaptureFixture[str], parameters: dict[str, Any], words: list[str]
) -> None:
    refuses(rig, capfd, words, parameters)


def test_a_file_that_is_no_checkpoint(
    rig: Rig, capfd: pytest.CaptureFixture[str], not_a_checkpoint: str
) -> None:
    refuses(rig, capfd, ["broken.pt"], {"model__checkpoint": not_a_checkpoint})


def test_a_file_that_is_no_exported_model(
    rig: Rig, capfd: pytest.CaptureFixture[str], not_an_export: str
) -> None:
    refuses(rig, capfd, ["broken.onnx"], {"model__checkpoint": not_an_export})


def test_a_backend_that_loads_but_does_not_run(
    rig: Rig, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_memory(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(Runtime, "segment", out_of_memory)
    refuses(rig, capfd, ["RuntimeError: CUDA out of memory"], {})


def test_a_model_s_name_that_no_message_can_hold(
    rig: Rig, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(settings: RuntimeSettings) -> Runtime:
        runtime = create_runtime(settings)
        # As of a file whose name is not UTF-8.
        runtime.description = dataclasses.replace(runtime.description, name="nano\udcff")
        return runtime

    monkeypatch.setattr(segmentation_node, "create_runtime", create)
    refuses(rig, capfd, ["UnicodeEncodeError", "\\udcff"], {})


@pytest.mark.parametrize("part", ["CameraOutputs", "CameraState"])
def test_an_error_after_the_model_is_loaded(
    rig: Rig, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*_: object) -> None:
        raise OSError("out of\nhandles")

    with monkeypatch.context() as patch:
        patch.setattr(segmentation_node, part, broken)
        node = refuses(rig, capfd, ["configure failed: OSError: out of\\nhandles"], {})
    assert node.autostart()


@pytest.mark.parametrize("part", ["Intake", "Worker", "CameraMonitor"])
def test_an_error_while_it_is_activated(
    rig: Rig, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*_: object) -> None:
        raise OSError("out of threads")

    node = rig.node()
    capfd.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(segmentation_node, part, broken)
        assert not node.autostart() and state(node) == "inactive"
    errors = [line for line in capfd.readouterr().err.splitlines() if "[ERROR]" in line]
    assert len(errors) == 1 and "activate failed: OSError: out of threads" in errors[0]
    assert node.count_subscribers("image") == 0 and node._worker is None
    assert node.trigger_activate() == SUCCESS


def test_it_starts_once_the_mistake_is_corrected(
    rig: Rig, capfd: pytest.CaptureFixture[str], street: np.ndarray
) -> None:
    node = refuses(rig, capfd, ["output.overlay_alpha"], {"output__overlay_alpha": 7.0})
    (result,) = node.set_parameters([Parameter("output.overlay_alpha", value=0.7)])
    assert result.successful
    assert node.trigger_configure() == SUCCESS and node.trigger_activate() == SUCCESS
    serves(rig, street, rig.record(Image, "segmentation/label"))


def test_inference_that_hangs_can_be_deactivated(
    rig: Rig,
    street: np.ndarray,
    gate: Callable[[Any], Gate],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segmentation_node, "STOP_TIMEOUT_S", 0.2)
    node = rig.active_node()
    model = gate(node)
    rig.record(Image, "segmentation/label")
    camera = rig.publisher()

    rig.publish_until(
        camera, lambda: rig.image(street), lambda: model.entered == 1, "a frame in work"
    )
    assert node.trigger_deactivate() == TransitionCallbackReturn.ERROR
    assert state(node) == "unconfigured"
    assert node.trigger_configure() == SUCCESS and node.trigger_activate() == SUCCESS
    serves(rig, street, rig.record(Image, "segmentation/label"))
