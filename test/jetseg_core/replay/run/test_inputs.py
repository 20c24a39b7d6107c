"""Inputs of replay: cameras in a bag, and labels from topics and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import COMPRESSED_IMAGE
from jetseg_core.recording.message_types import bag_types
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.report.figures import MIOU
from jetseg_core.sources import Frame
from test.jetseg_core.replay.conftest import (
    CAMERA,
    LABELS,
    STAMPS,
    Json,
    WriteDrive,
    image,
    outputs,
    picture,
    settings,
    truth,
    truth_png,
)


def test_labels_of_a_folder_in_order_or_by_stamp(
    write_drive: WriteDrive,
    replayed: tuple[Path, Json],
    street_frames: list[Frame],
    tmp_path: Path,
) -> None:
    bag = write_drive({CAMERA: picture})
    for kind, names in (("order", range(9)), ("stamp", STAMPS)):
        folder = tmp_path / kind
        folder.mkdir()
        for name, frame in zip(names, street_frames, strict=True):
            assert frame.labels is not None
            cv2.imwrite(str(folder / f"{name}.png"), frame.labels)
        report = replay_with_report(settings(bag, tmp_path / f"out_{kind}", labels=str(folder)))
        assert report.overall(MIOU) == replayed[1]["miou"]
    (tmp_path / "order" / "8.png").unlink()
    with pytest.raises(JetSegError, match="8 label images for 9 frames"):
        replay_with_report(settings(bag, tmp_path / "out", labels=str(tmp_path / "order")))


def test_stamps_are_numbers_and_the_nearest_counts(
    write_drive: WriteDrive,
    replayed: tuple[Path, Json],
    street_frames: list[Frame],
    tmp_path: Path,
) -> None:
    bag = write_drive({CAMERA: picture})
    for kind, shift in (("late", 20_000_000), ("far", 60_000_000)):
        folder = tmp_path / kind
        folder.mkdir()
        for stamp, frame in zip(STAMPS, street_frames, strict=True):
            assert frame.labels is not None
            cv2.imwrite(str(folder / f"{stamp + shift}.png"), frame.labels)
    late = replay_with_report(settings(bag, tmp_path / "out", labels=str(tmp_path / "late")))
    assert late.overall(MIOU) == replayed[1]["miou"] and late.labelled_frames == 9
    # 60 of 100 ms: nearer to the next frame, and the first has none.
    far = replay_with_report(settings(bag, tmp_path / "out", labels=str(tmp_path / "far")))
    assert far.labelled_frames == 8
    assert any("1 of 9 frames have no label image" in text for text in far.warnings)


@pytest.mark.parametrize(
    ("suffix", "kind", "reason"),
    [(".jpg", np.uint8, "a JPEG; it changes"), (".png", np.uint16, "16 bits a channel")],
)
def test_label_messages_that_have_lost_their_ids_are_refused(
    suffix: str, kind: type, reason: str, write_drive: WriteDrive, tmp_path: Path
) -> None:
    def spoiled(frame: Frame, head: Any) -> Any:
        assert frame.labels is not None
        data = cv2.imencode(suffix, frame.labels.astype(kind))[1]
        return bag_types().types[COMPRESSED_IMAGE](header=head, format="x", data=data.ravel())

    bag = write_drive({CAMERA: picture, LABELS: spoiled})
    with pytest.raises(JetSegError, match=reason):
        replay_with_report(settings(bag, tmp_path / "out", labels=LABELS))


def test_compressed_images_and_labels_for_some_frames(
    write_drive: WriteDrive, tmp_path: Path, street_frames: list[Frame]
) -> None:
    def some(frame: Frame, head: Any) -> Any:
        return truth_png(frame, head) if frame is not street_frames[4] else None

    bag = write_drive(
        {CAMERA: picture, LABELS + "/compressed": some}, storage=StoragePlugin.SQLITE3
    )
    report = replay_with_report(
        settings(bag, tmp_path / "out", labels=LABELS + "/compressed")
    ).to_dict()
    assert report["frames"] == 9 and report["labelled_frames"] == 8


def test_several_cameras(
    write_drive: WriteDrive, tmp_path: Path, street_frames: list[Frame]
) -> None:
    def rear(frame: Frame, head: Any) -> Any:
        return image(frame.image[:, ::-1], head) if frame is not street_frames[3] else None

    def with_a_bad_one(frame: Frame, head: Any) -> Any:
        message = picture(frame, head)
        if frame is street_frames[5]:
            message.encoding = "16UC1"
        return message

    bag = write_drive({CAMERA: with_a_bad_one, "/rear/image_raw": rear})
    report = replay_with_report(settings(bag, tmp_path / "out")).to_dict()
    front, back = report["cameras"]
    assert (front["frames"], front["failed"], back["frames"]) == (8, 1, 8)
    assert front["faults"] == {"unknown encoding": 1}
    assert front["gaps"]["count"] == 0  # the frame came, it only could not be read
    assert back["gaps"]["count"] == 1 and back["gaps"]["missing_frames"] == 1
    assert back["gaps"]["longest_s"] == pytest.approx(0.2)
    assert len(outputs(tmp_path / "out", "/rear/segmentation/label")) == 8
    assert (tmp_path / "out" / "overlay_rear.mp4").is_file()
    assert report["miou"] is None and report["frames"] == 16
    with pytest.raises(JetSegError, match=r"several cameras.*say with --topic"):
        replay_with_report(settings(bag, tmp_path / "other", labels="/truth"))
    one = replay_with_report(settings(bag, tmp_path / "one", topics=("/rear/image_raw",))).to_dict()
    assert one["frames"] == 8 and one["flicker"]["overall"] == back["flicker"]["overall"]


def test_no_camera_in_the_bag(write_drive: WriteDrive, tmp_path: Path) -> None:
    bag = write_drive({"/chatter": lambda frame, head: head})
    with pytest.raises(JetSegError, match=r"no camera images.*/chatter \(std_msgs/msg/Header\)"):
        replay_with_report(settings(bag, tmp_path / "out"))
    with pytest.raises(JetSegError, match="no images on topic '/front/image'"):
        replay_with_report(settings(bag, tmp_path / "out", topics=("/front/image",)))


def test_labels_are_no_camera_without_being_asked(write_drive: WriteDrive, tmp_path: Path) -> None:
    bag = write_drive({CAMERA: picture, LABELS: truth})
    report = replay_with_report(settings(bag, tmp_path / "out")).to_dict()
    assert [camera["topic"] for camera in report["cameras"]] == [CAMERA]
    assert any(f"left out: {LABELS}" in text for text in report["warnings"])
    for labels, reason in (
        (CAMERA, "no images|no camera"),
        ("/nowhere", "not a folder, and not a topic of"),
    ):
        with pytest.raises(JetSegError, match=reason):
            replay_with_report(settings(bag, tmp_path / "other", labels=labels))
