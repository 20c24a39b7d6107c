"""One entry in the table of outputs is all it takes to add a topic to the node and to replay's bag."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Temperature

from jetseg_core.bench.generated_bag import write_street
from jetseg_core.recording.message_fields import Fields
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.results.outputs import OUTPUTS, Output
from jetseg_core.results.segmented_frame import SegmentedFrame
from jetseg_core.runtime import RuntimeSettings, create_runtime

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

SIZE = (96, 128)


def mean_confidence(frame: SegmentedFrame) -> Fields:
    return {"temperature": float(frame.confidence.mean()), "variance": 0.5}


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(
        "toy", "sensor_msgs/msg/Temperature", mean_confidence, needs_confidence=True, in_bag=True
    )
    monkeypatch.setitem(OUTPUTS, output.topic, output)


def test_the_node_publishes_it(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(input__size=list(SIZE))
    received = rig.record(Temperature, "segmentation/toy")
    sent = rig.image(street)
    rig.publish_until(rig.publisher(), lambda: sent, lambda: bool(received), "the toy output")
    found = create_runtime(RuntimeSettings(input_size=SIZE)).segment(street, confidence=True)
    assert found.confidence is not None
    assert received[0].header == sent.header
    assert received[0].temperature == found.confidence.mean() and received[0].variance == 0.5


def test_replay_writes_it(tmp_path: Path) -> None:
    bag = write_street(tmp_path / "drive", 2, SIZE)
    replay_with_report(
        ReplaySettings(input=bag, out=tmp_path / "out", runtime=RuntimeSettings(input_size=SIZE))
    )
    with Recording(tmp_path / "out" / "bag") as recording:
        written = list(recording.messages(["/camera/segmentation/toy"]))
    assert len(written) == 2
    for recorded in written:
        message = deserialize_message(recorded.data, Temperature)
        assert message.header.frame_id == "camera" and 0 < message.temperature <= 255
