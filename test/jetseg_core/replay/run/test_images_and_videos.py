"""Folders of images, videos and the generator through the model, as recordings go."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.replay.compare.compare_command import compare_with_page
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.run import job
from jetseg_core.replay.run.output_bag import OutputBag
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.sources import Frame
from test.jetseg_core.replay.conftest import (
    CAMERA,
    LANE,
    SIZE,
    WriteDrive,
    log_rows,
    outputs,
    picture,
    settings,
)

LABEL = "/segmentation/label"


@pytest.fixture
def images(tmp_path: Path, street_frames: list[Frame]) -> Path:
    """The street as a folder of images in a layout of data sets, without the label image of the last one."""
    for index, frame in enumerate(street_frames):
        assert frame.labels is not None
        for kind, pixels in (("images", frame.image[..., ::-1]), ("labels", frame.labels)):
            folder = tmp_path / kind / "val"
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"street_{index}.png"), pixels)
    (tmp_path / "labels" / "val" / "street_8.png").unlink()
    return tmp_path / "images" / "val"


@pytest.fixture
def video(tmp_path: Path, street_frames: list[Frame]) -> Path:
    """The street as a video of 20 frames per second."""
    file = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, SIZE[::-1])
    for frame in street_frames:
        writer.write(frame.image[..., ::-1].copy())
    writer.release()
    return file


def figures(folder: Path) -> list[Any]:
    """The log without times."""
    rows = [vars(row) for row in log_rows(folder)]
    return [{k: v for k, v in row.items() if not k.endswith("_ms")} for row in rows]


def test_a_folder_of_images(images: Path, tmp_path: Path, street_frames: list[Frame]) -> None:
    out = tmp_path / "out"
    report = replay_with_report(settings(images, out, regions=(LANE,))).to_dict()
    runtime = create_runtime(RuntimeSettings(input_size=SIZE))
    matrix = ConfusionMatrix(11)
    labels = outputs(out, LABEL)
    assert len(labels) == 9
    for index, ((message, recorded_ns), frame) in enumerate(
        zip(labels, street_frames, strict=True)
    ):
        expected = runtime.segment(frame.image).labels
        np.testing.assert_array_equal(message.data.reshape(SIZE), expected)
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        assert stamp == recorded_ns == index * 100_000_000
        if index < 8:
            assert frame.labels is not None
            matrix.update(expected, frame.labels)
    assert report["miou"] == matrix.miou() and report["labelled_frames"] == 8
    assert report["labels"] == str(tmp_path / "labels" / "val")
    assert report["stamps"] == "frame number at 10 frames/s" and report["bag"] == str(images)
    assert report["cameras"][0]["rate_hz"] == pytest.approx(10) and report["warnings"] == []
    for name in ("report.html", "frames.jsonl", "overlay.mp4", "foxglove.json"):
        assert (out / name).is_file()
    again = replay_with_report(settings(images, tmp_path / "fast", rate_hz=25.0)).to_dict()
    assert [row.stamp_ns for row in log_rows(tmp_path / "fast")] == [
        index * 40_000_000 for index in range(9)
    ]
    assert again["stamps"] == "frame number at 25 frames/s" and again["miou"] == report["miou"]


def test_a_video(video: Path, tmp_path: Path) -> None:
    report = replay_with_report(settings(video, tmp_path / "out")).to_dict()
    assert report["frames"] == 9 and report["miou"] is None and report["labels"] is None
    assert report["stamps"] == "time in the video"
    assert report["cameras"][0]["rate_hz"] == pytest.approx(20)
    stamps = [row.stamp_ns for row in log_rows(tmp_path / "out")]
    assert stamps == pytest.approx([index * 50_000_000 for index in range(9)], abs=1_000_000)
    shown = cv2.VideoCapture(str(tmp_path / "out" / "overlay.mp4"))
    assert shown.get(cv2.CAP_PROP_FPS) == pytest.approx(20, abs=0.1)
    report = replay_with_report(settings(video, tmp_path / "slow", rate_hz=5.0)).to_dict()
    assert report["cameras"][0]["rate_hz"] == pytest.approx(5)


def test_the_generator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = f"generator:frames=3,size={SIZE[1]}x{SIZE[0]},seed=2,rate=5"
    size = ["--size", str(SIZE[0]), str(SIZE[1])]
    main(["replay", spec, "--out", str(tmp_path / "out"), *size, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["frames"] == report["labelled_frames"] == 3 and report["bag"] == spec
    assert report["stamps"] == "frame number at 5 frames/s"


@pytest.mark.parametrize("names", ["names", "order", "stamp"])
def test_named_labels(
    images: Path, video: Path, tmp_path: Path, street_frames: list[Frame], names: str
) -> None:
    """Labels of a folder belong to images by name and to frames of a video by order or stamp."""
    folder = tmp_path / "truth"
    folder.mkdir()
    for index, frame in enumerate(street_frames):
        assert frame.labels is not None
        stamp = 10_000_000_000 + index  # none of a frame's
        name = {"names": f"street_{index}", "order": str(index), "stamp": f"{stamp:011d}"}[names]
        cv2.imwrite(str(folder / f"{name}.png"), frame.labels)
    source = images if names == "names" else video
    report = replay_with_report(settings(source, tmp_path / "out", labels=str(folder))).to_dict()
    assert report["labelled_frames"] == (0 if names == "stamp" else 9)
    if names == "stamp":
        assert "no label image belongs to any frame" in report["warnings"][0]
    (folder / "extra.png").touch()
    if names == "order":
        with pytest.raises(JetSegError, match="10 label images for 9 frames"):
            replay_with_report(settings(source, tmp_path / "other", labels=str(folder)))


def test_labels_of_other_classes_are_left_out(images: Path, tmp_path: Path) -> None:
    (tmp_path / "class_dict.csv").write_text("name,r,g,b\ngrass,1,2,3\nshed,4,5,6\n")
    report = replay_with_report(settings(images, tmp_path / "out")).to_dict()
    assert report["miou"] is None and report["labels"] is None
    assert "has none of the model's classes ('camvid11')" in report["warnings"][0]


def test_the_report_names_the_places_searched_for_labels(images: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "labels")
    report = replay_with_report(settings(images, tmp_path / "out")).to_dict()
    assert report["miou"] is None
    assert f"looked in '{tmp_path / 'images' / 'valannot'}'" in report["warnings"][0]


def test_a_broken_image_is_counted(images: Path, tmp_path: Path) -> None:
    (images / "street_3.png").write_bytes(b"no picture")
    report = replay_with_report(settings(images, tmp_path / "out")).to_dict()
    assert report["frames"] == 8 and report["failed"] == 1
    assert report["cameras"][0]["faults"] == {"unreadable image": 1}
    assert "street_3.png: not an image" in report["warnings"][0]
    assert report["cameras"][0]["gaps"]["count"] == 0


@pytest.mark.parametrize("kind", ["images", "video"])
def test_an_interrupted_replay_goes_on_to_the_same_end(
    kind: str, images: Path, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = {"images": images, "video": video}[kind], tmp_path / "out"
    whole = replay_with_report(settings(source, tmp_path / "whole")).to_dict()
    monkeypatch.setattr(job, "PART_FRAMES", 3)
    write, written = OutputBag.write, []

    def stopping(self: OutputBag, *arguments: Any) -> None:
        write(self, *arguments)
        written.append(1)
        if len(written) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(OutputBag, "write", stopping)
    part = replay_with_report(settings(source, out)).to_dict()
    assert part["complete"] is False and 2 <= part["frames"] < 9
    with pytest.raises(JetSegError, match="go on with --resume, or replace it with --overwrite"):
        replay_with_report(settings(source, out))
    with pytest.raises(JetSegError, match="differs in 'stamps'"):
        replay_with_report(settings(source, out, resume=True, rate_hz=3.0))
    report = replay_with_report(settings(source, out, resume=True)).to_dict()
    assert len(written) == 9 and report["complete"] is True
    assert figures(out) == figures(tmp_path / "whole")
    assert report["flicker"] == whole["flicker"] and report["miou"] == whole["miou"]
    assert len(outputs(out, LABEL)) == 9


def test_two_models_are_compared_on_images(images: Path, tmp_path: Path) -> None:
    """The second replay has the input, labels and stamps of the first."""
    replay_with_report(settings(images, tmp_path / "a", rate_hz=25.0))
    runtime = RuntimeSettings(input_size=SIZE)
    found = compare_with_page(
        str(tmp_path / "a"), "nano_road11", tmp_path / "out", runtime=runtime
    ).to_dict()
    assert found["frames"] == 9 and found["labelled_frames"] == 8
    assert found["figures"]["miou"]["difference"] == 0


def test_many_of_every_kind(
    images: Path,
    video: Path,
    write_drive: WriteDrive,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_drive({CAMERA: picture})
    inputs = [str(path) for path in (images, video, tmp_path / "drive")]
    size = ["--size", str(SIZE[0]), str(SIZE[1])]
    main(["replay", *inputs, "--out", str(tmp_path / "out"), *size, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert {bag["name"]: bag["frames"] for bag in report["bags"]} == {
        "drive": 9,
        "drive.avi": 9,
        "images/val": 9,
    }
    assert report["complete"] is True and report["labelled_frames"] == 8
    before = [file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("frames.jsonl")]
    main(["replay", *inputs, "--out", str(tmp_path / "out"), *size, "--resume"])
    assert before == [file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("frames.jsonl")]


def test_a_folder_with_recordings_and_images(
    images: Path, write_drive: WriteDrive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recordings at any depth come first; images beside them are passed over."""
    shutil.copytree(write_drive({CAMERA: picture}), images / "deep" / "drive")
    size = ["--size", str(SIZE[0]), str(SIZE[1])]
    main(["replay", str(images), "--out", str(tmp_path / "out"), *size, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert [bag["name"] for bag in report["bags"]] == ["deep/drive"]


def wrong(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The error of the command, which is one line."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["replay", *map(str, arguments)])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1, said
    return said


def test_wrong_inputs_and_options(
    images: Path,
    video: Path,
    write_drive: WriteDrive,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drive, out = write_drive({CAMERA: picture}), tmp_path / "out"
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        ([tmp_path / "broken.mp4"], "broken.mp4: cannot be opened as a video"),
        ([tmp_path / "empty"], "neither a recording nor images in it"),
        ([images / "street_1.png"], "street_1.png: not a recording or video"),
        (["generator:frames=0"], "frames=0; expected 1 or more"),
        (["generator", video], "the generator is replayed alone"),
        ([video, "--topic", "/front"], "--topic /front: the input is not a rosbag2 recording"),
        ([video, "--labels", "/front/truth"], "--labels /front/truth: not a folder"),
        ([images, "--labels", tmp_path / "empty"], "0 label images for 9 frames"),
        ([video, "--rate", "-1"], "--rate: -1 is not in 0 to 1000"),
        ([drive, "--rate", "5"], "drive is a recording, which has stamps of its own"),
        ([images / "street_1.png", video], "not a recording or video"),
    ):
        assert message in wrong(capsys, *arguments, "--out", out)
    assert not out.exists()


def test_results_lie_apart_from_images_and_their_labels(
    images: Path, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels" / "val"
    for source, out, how in (
        (images, images, "is"),
        (images, images / "out", "lies in"),
        (images, images.parent, "holds"),
        (images, labels, "is"),
        (images, labels / "out", "lies in"),
        (video, tmp_path, "holds"),
        (video, video, "is"),
    ):
        assert f"{out}: {how} " in wrong(capsys, source, "--out", out)
    assert len(list(images.iterdir())) == 9


def test_it_runs_without_ros_torch_and_jetseg_ros(
    images: Path, video: Path, write_drive: WriteDrive, tmp_path: Path
) -> None:
    """An environment with requirements/base.txt alone: nothing else can be imported."""
    program = (
        "import sys\n"
        "class Base:\n"
        "    def __init__(self, finder):\n"
        "        self.finder = finder\n"
        "    def __getattr__(self, name):\n"
        "        return getattr(self.finder, name)\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        absent = {'jetseg_ros', 'jetseg', 'rclpy', 'torch', 'launch', 'sensor_msgs', 'std_msgs'}\n"
        "        return None if name.partition('.')[0] in absent else self.finder.find_spec(name, path, target)\n"
        "sys.meta_path[:] = [Base(finder) for finder in sys.meta_path]\n"
        "from jetseg_core.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    drive = write_drive({CAMERA: picture})
    command = [sys.executable, "-c", program, "replay", "--size", str(SIZE[0]), str(SIZE[1])]
    for number, inputs in enumerate(([drive], [images, video])):
        out = ["--out", str(tmp_path / f"out{number}"), "--json"]
        finished = subprocess.run(
            [*command, *map(str, inputs), *out], capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stderr
        report = json.loads(finished.stdout)
        assert report["backend"] == "openvino" and report["frames"] == 9 * len(inputs)
