"""A recording gives the same labels, overlays and occupancy through the replay as through the node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jetseg.msg import ClassOccupancy, ModelInfo
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from jetseg_core.bench.generated_bag import TOPIC, write_street
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.runtime import RuntimeSettings

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

SIZE = (96, 128)
LANE = "lane: 0.4 0.5, 0.6 0.5, 1 1, 0 1"
OUTPUTS = {
    "label": Image,
    "mask": Image,
    "overlay/compressed": CompressedImage,
    "occupancy": ClassOccupancy,
}
MASKED = ("Car", "road")


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A recording of three frames and the bag that its replay wrote."""
    folder = tmp_path_factory.mktemp("replayed")
    bag = write_street(folder / "drive", 3, SIZE)
    settings = ReplaySettings(
        input=bag,
        out=folder / "out",
        runtime=RuntimeSettings(input_size=SIZE),
        regions=(LANE,),
        mask_classes=MASKED,
    )
    replay_with_report(settings)
    return bag, folder / "out" / "bag"


def read(bag: Path, topic: str, kind: type) -> list[Any]:
    with Recording(bag) as recording:
        return [deserialize_message(m.data, kind) for m in recording.messages([topic])]


def test_the_output_means_the_same_to_ros(replayed: tuple[Path, Path]) -> None:
    """The recorded bytes as rclpy reads them, by the message classes that colcon built."""
    (model,) = read(replayed[1], "/segmentation/model_info", ModelInfo)
    assert len(model.class_names) == 11 and len(model.palette) == 33
    occupancies = read(replayed[1], "/camera/segmentation/occupancy", ClassOccupancy)
    assert len(occupancies) == 3
    for message in occupancies:
        assert list(message.class_names) == list(model.class_names)
        assert sum(message.pixel_counts) + message.unlabelled_pixels == SIZE[0] * SIZE[1]
        assert [region.name for region in message.regions] == ["lane"]
        assert 0 < message.regions[0].total_pixels < message.total_pixels
        assert message.header.frame_id == "camera"


def test_online_equals_offline(rig: Rig, replayed: tuple[Path, Path]) -> None:
    """The node, over DDS, publishes for the recorded images what the replay wrote."""
    rig.active_node(input__size=list(SIZE), regions=[LANE], output__mask_classes=list(MASKED))
    published = {name: rig.record(kind, f"segmentation/{name}") for name, kind in OUTPUTS.items()}
    camera = rig.publisher()
    offline = {
        name: read(replayed[1], f"/camera/segmentation/{name}", kind)
        for name, kind in OUTPUTS.items()
    }
    for number, sent in enumerate(read(replayed[0], TOPIC, Image)):
        for name, messages in published.items():
            assert first_answer(rig, camera, sent, messages) == offline[name][number]


def first_answer(rig: Rig, camera: Any, sent: Any, messages: list[Any]) -> Any:
    """Publish an image until an output with its header comes."""

    def answers() -> list[Any]:
        return [message for message in messages if message.header == sent.header]

    rig.publish_until(camera, lambda: sent, lambda: bool(answers()), "an output")
    return answers()[0]
