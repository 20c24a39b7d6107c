"""The node's diagnostics, with frames and without."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from jetseg.msg import ModelInfo
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image

from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime
from jetseg_core.runtime.model_files import find_model
from jetseg_ros.node import segmentation_node

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Gate, Rig


def statuses(
    rig: Rig, arrays: list[DiagnosticArray], ready: Callable[[dict[str, Any]], bool]
) -> Any:
    """The statuses of the first array that is as wanted, by name."""

    def found() -> dict[str, Any] | None:
        for array in arrays:
            by_name = {status.name: status for status in array.status}
            if ready(by_name):
                return by_name
        return None

    rig.spin_until(lambda: found() is not None, "the diagnostics wanted")
    return found()


def values(status: DiagnosticStatus) -> dict[str, str]:
    return {item.key: item.value for item in status.values}


def test_a_serving_node(rig: Rig, street: np.ndarray) -> None:
    rig.active_node()
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    rig.record(Image, "segmentation/label")
    camera = rig.publisher()

    rig.publish_until(camera, lambda: rig.image(street), lambda: len(arrays) >= 3, "diagnostics")
    found = {status.name: status for status in arrays[-1].status}
    model = found["jetseg: model"]
    assert model.level == DiagnosticStatus.OK
    assert values(model)["backend"] in model.message
    for key in ("precision", "device", "checkpoint sha256", "memory (MiB)"):
        assert values(model)[key]

    # A Jetson has rails, by whatever name; other machines say that they have none.
    for quantity in ("power", "temperature"):
        assert any(key.startswith(quantity) and value for key, value in values(model).items())

    status = found["jetseg: camera"]
    seen = values(status)
    assert status.level == DiagnosticStatus.OK and "frames/s" in status.message
    assert float(seen["rate in (Hz)"]) > 0 and float(seen["rate out (Hz)"]) > 0
    outcomes = ("processed", "replaced", "stale", "failed", "waiting")
    assert int(seen["received"]) == sum(int(seen[outcome]) for outcome in outcomes)
    for stage in ("decode", "infer", "post", "publish", "total"):
        p50, p95, longest = (
            float(seen[f"latency {stage} {figure} (ms)"]) for figure in ("p50", "p95", "max")
        )
        assert 0 <= p50 <= p95 <= longest
    assert float(seen["latency total p50 (ms)"]) >= float(seen["latency infer p50 (ms)"])


def test_it_reports_in_every_state_with_a_remedy(rig: Rig) -> None:
    node = rig.node(autostart=False)
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    found = statuses(rig, arrays, lambda by_name: "jetseg: model" in by_name)
    assert found["jetseg: model"].level == DiagnosticStatus.WARN
    assert "configure and activate" in found["jetseg: model"].message
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    arrays.clear()
    found = statuses(
        rig, arrays, lambda by_name: by_name["jetseg: model"].message.startswith("inactive")
    )
    assert found["jetseg: model"].message == "inactive: activate the node"


def test_it_reports_while_a_model_is_loaded(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(settings: RuntimeSettings) -> Runtime:
        time.sleep(3.5)  # as building an engine, which takes minutes
        return create_runtime(settings)

    monkeypatch.setattr(segmentation_node, "create_runtime", slow)
    node = rig.node(autostart=False)
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    # Nothing is spun meanwhile: the node's timers stand still.
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS

    def loading() -> list[DiagnosticStatus]:
        statuses = [status for array in arrays for status in array.status]
        return [s for s in statuses if s.message == "configuring: the model is being loaded"]

    rig.spin_until(lambda: len(loading()) >= 3, "three reports from while it was loaded")
    assert all(status.level == DiagnosticStatus.WARN for status in loading())
    threads = [thread.name for thread in threading.enumerate()]
    assert "jetseg-reporting" not in threads


def test_once_a_second_without_frames_or_clock(rig: Rig) -> None:
    rig.active_node(use_sim_time=True)  # and nobody publishes /clock
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    rig.spin_until(lambda: bool(arrays), "the first")
    start = time.monotonic()
    rig.spin_until(lambda: len(arrays) == 4, "three more")
    assert time.monotonic() - start > 1.5


def test_no_frames_is_an_error(rig: Rig) -> None:
    rig.active_node(timeout_s=0.5)
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    found = statuses(
        rig, arrays, lambda by_name: by_name["jetseg: camera"].level == DiagnosticStatus.ERROR
    )
    assert found["jetseg: camera"].message.startswith("no frame for")


def test_a_low_rate_is_a_warning(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(min_rate=500.0)
    rig.record(Image, "segmentation/label")  # without a subscriber no rate is low
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    camera = rig.publisher()

    def newest() -> DiagnosticStatus:
        return {status.name: status for status in arrays[-1].status}["jetseg: camera"]

    def reports(level: bytes) -> DiagnosticStatus:
        arrays.clear()
        rig.publish_until(
            camera,
            lambda: rig.image(street),
            # The first may cover the time before, and in a second without a frame any rate is low.
            lambda: (
                len(arrays) > 1
                and newest().level == level
                and float(values(newest())["rate out (Hz)"]) > 0
            ),
            f"level {level!r}",
        )
        return newest()

    status = reports(DiagnosticStatus.WARN)
    assert "under min_rate 500" in status.message
    assert node.set_parameters([Parameter("min_rate", value=0.5)])[0].successful
    reports(DiagnosticStatus.OK)


def test_it_reports_when_inference_hangs(
    rig: Rig, street: np.ndarray, gate: Callable[[Any], Gate]
) -> None:
    node = rig.active_node(timeout_s=1.0)
    gate(node)
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    rig.record(Image, "segmentation/label")
    camera = rig.publisher()

    def hanging() -> list[DiagnosticStatus]:
        found = [status for array in arrays for status in array.status]
        return [s for s in found if s.message.startswith("inference has not come back for")]

    # Once it hangs it goes on saying so, second after second.
    rig.publish_until(
        camera, lambda: rig.image(street), lambda: len(hanging()) > 2, "three such reports"
    )
    assert all(status.level == DiagnosticStatus.ERROR for status in hanging())
    assert len({status.message for status in hanging()}) > 1, "it says for how long"


def test_every_camera_has_a_status(rig: Rig) -> None:
    rig.active_node(cameras=["left", "right"])
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    found = statuses(rig, arrays, lambda by_name: len(by_name) == 3)
    assert {"jetseg: camera left", "jetseg: camera right", "jetseg: model"} == found.keys()


def test_a_fallback_is_a_warning_everywhere(
    rig: Rig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="torch, the backend to fall back to, is not installed")
    shipped = find_model("nano_road11").checkpoint
    assert shipped is not None
    alone = shutil.copy(shipped, tmp_path / "alone.pt")  # openvino would need alone.onnx beside it
    rig.active_node(model__checkpoint=str(alone), runtime__backend="openvino")
    lines = capfd.readouterr().err.splitlines()
    warnings = [line for line in lines if "[WARN]" in line and "logging_rosout" not in line]
    assert len(warnings) == 1 and "instead of openvino" in warnings[0]
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    found = statuses(rig, arrays, lambda by_name: "jetseg: model" in by_name)
    assert found["jetseg: model"].level == DiagnosticStatus.WARN
    assert "instead of openvino" in found["jetseg: model"].message
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    infos = rig.record(ModelInfo, "segmentation/model_info", latched)
    rig.spin_until(lambda: bool(infos), "model_info")
    assert infos[0].backend == "torch"


def test_no_fallback_when_strict(
    rig: Rig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shipped = find_model("nano_road11").checkpoint
    assert shipped is not None
    alone = shutil.copy(shipped, tmp_path / "alone.pt")
    node = rig.node(
        model__checkpoint=str(alone), runtime__backend="openvino", runtime__strict_backend=True
    )
    assert not node.autostart()
    (error,) = [line for line in capfd.readouterr().err.splitlines() if "[ERROR]" in line]
    assert "openvino: it needs the exported form; make it: jetseg export" in error
    assert node._state_machine.current_state[1] == "unconfigured"
