"""The camera without hardware: what it plays, when, and with which stamps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import CameraInfo, Image

from jetseg_core.errors import JetSegError
from jetseg_core.recording.image_decoding import decode_image
from jetseg_core.sources import open_source
from jetseg_core.street import StreetScene

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

ALL_TOPICS = ["image", "camera_info", "ground_truth"]
STREET = "generator:frames=4,size=96x64,rate=20"


def play(rig: Rig, count: int, **parameters: Any) -> dict[str, list[Any]]:
    """Everything that a camera publishes of this many frames."""
    camera = rig.camera(wait_for_subscribers=ALL_TOPICS, **parameters)
    kinds = {"image": Image, "camera_info": CameraInfo, "ground_truth": Image}
    received = {topic: rig.record(kind, topic) for topic, kind in kinds.items()}
    camera.start()
    rig.spin_until(
        lambda: len(received["image"]) >= count and len(received["camera_info"]) >= count,
        f"{count} frames",
    )
    return received


def stamp_ns(message: Any) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def test_generator(rig: Rig) -> None:
    before = rig.peer.get_clock().now().nanoseconds
    received = play(rig, 4, source=STREET, frame_id="front")
    frames = list(open_source(STREET))
    rig.spin_until(lambda: len(received["ground_truth"]) == 4, "ground truth")
    for index, frame in enumerate(frames):
        image, truth = received["image"][index], received["ground_truth"][index]
        np.testing.assert_array_equal(decode_image(image), frame.image)
        assert frame.labels is not None and truth.encoding == "mono8"
        assert bytes(truth.data) == frame.labels.tobytes()
        info = received["camera_info"][index]
        assert image.header == truth.header == info.header
        assert image.header.frame_id == "front"
        assert (info.height, info.width) == frame.image.shape[:2]
        camera = StreetScene(size=(64, 96), rate_hz=20).camera(0)
        np.testing.assert_array_equal(info.k.reshape(3, 3), camera.intrinsics)
        assert (info.distortion_model, list(info.d)) == ("plumb_bob", [0.0] * 5)
        np.testing.assert_array_equal(info.p.reshape(3, 4)[:, :3], camera.intrinsics)
        assert info.r[0] == 1.0
    stamps = [stamp_ns(image) for image in received["image"]]
    assert before < stamps[0] and stamps == sorted(stamps)
    assert stamps[-1] < rig.peer.get_clock().now().nanoseconds


def test_the_rate_is_true(rig: Rig) -> None:
    source = "generator:frames=30,size=96x64"
    received = play(rig, 30, source=source, rate=50.0, read_ahead=30)
    stamps = np.array([stamp_ns(info) for info in received["camera_info"]])
    assert len(stamps) == 30
    # From the first to the last frame: 29 periods; a rate that drifts would be slower.
    assert (stamps[-1] - stamps[0]) * 1e-9 == pytest.approx(29 / 50, abs=0.5)
    assert np.median(np.diff(stamps)) * 1e-9 == pytest.approx(1 / 50, abs=0.01)


def test_folder_without_labels(rig: Rig, tmp_path: Path) -> None:
    for index in range(3):
        picture = np.full((20, 30, 3), 50 * index, np.uint8)
        cv2.imwrite(str(tmp_path / f"{index}.png"), picture)
    received = play(rig, 3, source=str(tmp_path), rate=20.0)
    assert [decode_image(image)[0, 0, 0] for image in received["image"]] == [0, 50, 100]
    assert not received["ground_truth"]
    assert not any(received["camera_info"][0].k)  # of a folder's camera nothing is known


def test_labels_are_of_the_classes_asked_for(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "fields.yaml").write_text(
        "names: [crop, soil]\ncolors: [[0, 200, 0], [90, 60, 30]]\n", encoding="utf-8"
    )
    for folder, color in (("images", (9, 9, 9)), ("labels", (30, 60, 90))):  # blue first
        (tmp_path / folder / "val").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / folder / "val" / "0.png"), np.full((20, 30, 3), color, np.uint8))
    source, classes = str(tmp_path / "images" / "val"), str(tmp_path / "fields.yaml")
    received = play(rig, 1, source=source, classes=classes)
    rig.spin_until(lambda: len(received["ground_truth"]) == 1, "ground truth")
    assert set(received["ground_truth"][0].data) == {1}


def test_an_undecodable_frame_does_not_end_it(rig: Rig, tmp_path: Path) -> None:
    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), np.full((20, 30, 3), 50 * index, np.uint8))
    whole = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(whole[:-60] + whole[-2:])
    received = play(rig, 3, source=str(tmp_path), rate=20.0)
    levels = [int(decode_image(image).mean()) for image in received["image"]]
    assert levels == pytest.approx([0, 100, 150], abs=3)


def test_video(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for index in range(5):
        writer.write(np.full((48, 64, 3), 50 * index, np.uint8))
    writer.release()
    received = play(rig, 5, source=str(file))
    levels = [int(decode_image(image).mean()) for image in received["image"]]
    assert levels == pytest.approx([0, 50, 100, 150, 200], abs=3)
    stamps = [stamp_ns(image) for image in received["image"]]
    assert np.median(np.diff(stamps)) * 1e-9 == pytest.approx(1 / 20, abs=0.025)  # its own rate


def test_bag_with_its_own_stamps(rig: Rig, tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    kind = "sensor_msgs/msg/Image"
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connection = writer.add_connection("/camera", kind, typestore=types)
        for index in range(3):
            time = types.types["builtin_interfaces/msg/Time"](sec=7, nanosec=index * 50_000_000)
            message = types.types[kind](
                header=types.types["std_msgs/msg/Header"](stamp=time, frame_id="left"),
                height=2,
                width=2,
                encoding="mono8",
                is_bigendian=0,
                step=2,
                data=np.full(4, index, np.uint8),
            )
            writer.write(connection, 10**9 + index * 50_000_000, types.serialize_cdr(message, kind))
    received = play(rig, 3, source=str(tmp_path / "bag"), stamps="source")
    assert [stamp_ns(image) for image in received["image"]] == [
        7_000_000_000,
        7_050_000_000,
        7_100_000_000,
    ]


def test_loop_and_frames(rig: Rig) -> None:
    received = play(rig, 10, source=STREET, rate=100.0, loop=True, frames=10)
    data = [bytes(image.data) for image in received["image"]]
    assert data[:4] == data[4:8] and data[8:] == data[:2] and len(set(data[:4])) == 4


def test_it_ends_with_its_source(rig: Rig) -> None:
    received = play(rig, 4, source=STREET, rate=100.0)
    rig.spin_until(lambda: not rig.context.ok(), "the camera to shut its context down")
    assert len(received["camera_info"]) == 4


def test_it_waits_for_the_given_number_of_subscribers(rig: Rig) -> None:
    camera = rig.camera(source=STREET, wait_for_subscribers=["image", "image"])
    first = rig.record(Image, "image")
    camera.start()
    rig.spin_for(0.5)
    assert not first
    second = rig.record(Image, "image")
    rig.spin_until(lambda: bool(first) and bool(second), "images at both")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"source": "nowhere/at/all"}, "nowhere/at/all: no such file or folder"),
        ({"rate": -1.0}, "rate"),
        ({"stamps": "yesterday"}, "stamps is 'yesterday'; expected 'now' or 'source'"),
        ({"wait_for_subscribers": ["smell"]}, "unknown topic smell; expected any of image"),
        ({"frame_id": 5}, "frame_id"),
    ],
)
def test_mistakes_are_named(rig: Rig, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(JetSegError, match=message):
        rig.camera(**parameters)


def test_an_error_in_the_source_ends_it(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"this is no picture")
    camera = rig.camera(source=str(tmp_path), rate=50.0)
    camera.start()
    with pytest.raises(JetSegError, match=r"no frame can be read; .*1\.png: not an image"):
        rig.spin_for(20)
