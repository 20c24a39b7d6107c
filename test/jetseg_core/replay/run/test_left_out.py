"""Cameras and frames that a replay cannot use: named, counted, and no reason to stop."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import COMPRESSED_IMAGE, IMAGE
from jetseg_core.recording.message_types import bag_types
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.report.replay_report import load_report
from jetseg_core.replay.report.report_page import format_report
from jetseg_core.replay.run import overlay_video
from jetseg_core.replay.run.output_bag import LABEL, topic_of
from jetseg_core.sources import Frame, RecordingSource
from test.jetseg_core.replay.conftest import (
    CAMERA,
    PERIOD_NS,
    SIZE,
    START_NS,
    Make,
    WriteDrive,
    header,
    image,
    picture,
    settings,
    write_bag,
)


def depth(frame: Frame, head: Any) -> Any:
    message = image(frame.image[..., 0], head)
    message.encoding, message.width = "16UC1", message.width // 2
    return message


def jpeg(frame: Frame, head: Any, cut: float = 1.0) -> Any:
    data = cv2.imencode(".jpg", frame.image)[1].ravel()
    data = np.concatenate([data[: int(cut * len(data))], np.array([0xFF, 0xD9], np.uint8)])
    return bag_types().types[COMPRESSED_IMAGE](header=head, format="jpeg", data=data)


def unknown(frame: Frame, head: Any) -> Any:
    message = picture(frame, head)
    message.encoding = "custom"
    return message


def test_depth_is_left_out_and_cameras_without_frames_are_not_shown(
    write_drive: WriteDrive, tmp_path: Path
) -> None:
    bag = write_drive({CAMERA: picture, "/lidar/range": depth, "/rear/image_raw": unknown})
    report = replay_with_report(settings(bag, tmp_path / "out"))
    assert [(c.topic, c.frames, c.failed) for c in report.cameras] == [
        (CAMERA, 9, 0),
        ("/rear/image_raw", 0, 9),
    ]
    assert any("/lidar/range: left out, of numbers such as" in text for text in report.warnings)
    layout = json.loads((tmp_path / "out" / "foxglove.json").read_text())
    assert "/front/segmentation" in str(layout) and "/rear" not in str(layout)
    text = format_report(report, tmp_path / "out")
    named = [one for one in text.replace(",", " ").split() if one.endswith(".mp4")]
    assert named == ["overlay_front.mp4"] == [f.name for f in (tmp_path / "out").glob("*.mp4")]
    with pytest.raises(JetSegError, match="--topic /lidar/range: a topic of numbers such as"):
        replay_with_report(settings(bag, tmp_path / "other", topics=("/lidar/range",)))


def test_a_recording_of_depth_alone(write_drive: WriteDrive, tmp_path: Path) -> None:
    bag = write_drive({"/lidar/range": depth})
    with pytest.raises(JetSegError, match=r"no camera images.*/lidar/range: left out, of numbers"):
        replay_with_report(settings(bag, tmp_path / "out"))


def test_a_damaged_jpeg_counts_as_damaged(
    write_drive: WriteDrive, street_frames: list[Frame], tmp_path: Path
) -> None:
    def fourth_is_cut(frame: Frame, head: Any) -> Any:
        return jpeg(frame, head, cut=0.6 if frame is street_frames[3] else 1.0)

    report = replay_with_report(settings(write_drive({CAMERA: fourth_is_cut}), tmp_path / "out"))
    assert (report.frames, report.failed) == (8, 1)
    assert report.cameras[0].faults == {"undecodable compressed data": 1}


@pytest.mark.parametrize("before_ns", [5 * 10**9, 2_000_000_000 * 10**9], ids=["1970", "future"])
def test_a_clock_that_is_set_while_recording(
    before_ns: int, street_frames: list[Frame], tmp_path: Path
) -> None:
    """Five frames at 10 Hz by one clock, four by another; the drive lasts 0.8 s."""
    with Writer(tmp_path / "drive", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(CAMERA, IMAGE, typestore=bag_types())
        for index, frame in enumerate(street_frames):
            stamp = (before_ns if index < 5 else START_NS) + index * PERIOD_NS
            message = picture(frame, header(stamp))
            writer.write(connection, stamp, bag_types().serialize_cdr(message, IMAGE))
    report = replay_with_report(settings(tmp_path / "drive", tmp_path / "out"))
    (camera,) = report.cameras
    assert camera.rate_hz == pytest.approx(10) == camera.mean_rate_hz
    assert camera.duration_s == pytest.approx(0.7) and camera.backwards == 0
    assert camera.gaps.count == camera.gaps.missing_frames == 0
    assert camera.period_ms is not None and camera.period_ms.max == pytest.approx(100)
    assert camera.series.t_s is not None and max(camera.series.t_s) == pytest.approx(0.7)
    (warning,) = report.warnings
    # Read in the order of time, the later part comes first where the first clock was ahead.
    assert f"{CAMERA}: the clock jumps by +" in warning and "days after frame" in warning
    with av.open(str(tmp_path / "out" / "overlay.mp4")) as video:
        assert float(video.streams.video[0].average_rate or 0) == pytest.approx(10)
    assert RecordingSource(tmp_path / "drive").rate_hz == pytest.approx(10)  # the camera's pace


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (40, 1)], ids=str)
def test_images_of_a_pixel_s_width(
    size: tuple[int, int], write_drive: WriteDrive, tmp_path: Path
) -> None:
    def thin(frame: Frame, head: Any) -> Any:
        return image(np.ascontiguousarray(frame.image[: size[0], : size[1]]), head)

    report = replay_with_report(settings(write_drive({CAMERA: thin}), tmp_path / "out"))
    assert (report.frames, report.failed, report.warnings) == (9, 0, [])
    assert (tmp_path / "out" / "overlay.mp4").is_file()


def test_messages_of_a_few_bytes(street_frames: list[Frame], tmp_path: Path) -> None:
    with Writer(tmp_path / "drive", version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connection = writer.add_connection(CAMERA, IMAGE, typestore=bag_types())
        whole = bytes(bag_types().serialize_cdr(picture(street_frames[0], header(START_NS)), IMAGE))
        for index, data in enumerate((whole, b"\0\1\0", b"", whole[:60], b"(\xb5/\xfd", whole)):
            writer.write(connection, START_NS + index * PERIOD_NS, data)
    report = replay_with_report(settings(tmp_path / "drive", tmp_path / "out"))
    assert (report.frames, report.failed) == (2, 4)


NAMES = [
    "/a/b",
    "/a_b",
    "/A_B",
    "/a/image_raw",
    "/a/image_color",
    "/a/image_raw/image",
    "/" + "x" * 300 + "/image_raw",
    "/" + "x" * 300 + "/image_color",
    "/nul\0",
    "/esc\x1b[2J\n/image_raw",
    "/<!--<script>/image",
    "/../../etc/image",
    "/",
]


@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3], ids=str)
def test_names_of_topics(
    storage: Any, street_frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    topics: dict[str, Make] = dict.fromkeys(NAMES, picture)
    bag = write_bag(tmp_path / "drive", street_frames[:1], topics, storage)
    out = tmp_path / "out"
    main(["replay", str(bag), "--out", str(out), "--size", str(SIZE[0]), str(SIZE[1])])
    cameras = load_report(out).cameras
    assert sorted(camera.topic for camera in cameras) == sorted(NAMES)
    assert len({camera.prefix for camera in cameras}) == len(NAMES)
    videos = sorted(file.name for file in out.glob("*.mp4"))
    assert len({name.lower() for name in videos}) == len(NAMES)
    assert all(re.fullmatch(r"overlay_[A-Za-z0-9._-]{1,90}\.mp4", name) for name in videos)
    with Recording(out / "bag") as written:
        assert all(written.topics[topic_of(c.prefix, LABEL)][1] == 1 for c in cameras)
    said = capsys.readouterr()
    assert all(c.isprintable() for text in said for c in text.replace("\n", "").replace("\r", ""))


def test_a_name_of_a_megabyte(street_frames: list[Frame], tmp_path: Path) -> None:
    topics: dict[str, Make] = {"/" + "m" * 10**6: picture}
    bag = write_bag(tmp_path / "drive", street_frames[:1], topics, StoragePlugin.MCAP)
    (camera,) = replay_with_report(settings(bag, tmp_path / "out")).cameras
    assert len(camera.topic) == 10**6 + 1 and len(camera.prefix) < 300


def test_more_cameras_than_encoders(
    street_frames: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlay_video, "MOST_VIDEOS", 2)
    topics: dict[str, Make] = {f"/camera{number}/image": picture for number in range(4)}
    bag = write_bag(tmp_path / "drive", street_frames[:2], topics, StoragePlugin.MCAP)
    report = replay_with_report(settings(bag, tmp_path / "out"))
    assert report.frames == 8 and len(list((tmp_path / "out").glob("*.mp4"))) == 2
    assert sum("no whole video: overlay_camera" in text for text in report.warnings) == 2
