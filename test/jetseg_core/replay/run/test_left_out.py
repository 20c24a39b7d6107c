"""Cameras and frames that a replay cannot use: named, counted, and no reason to stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_types import COMPRESSED_IMAGE, bag_types
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.report.report_page import format_report
from jetseg_core.sources import Frame
from test.jetseg_core.replay.conftest import CAMERA, WriteDrive, image, picture, settings


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
