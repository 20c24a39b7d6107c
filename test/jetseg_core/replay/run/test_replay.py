"""A recording through the model: every frame once, under its own stamp, and what comes of it."""

from __future__ import annotations

import json
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

from jetseg_core.classes import CAMVID11
from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.replay_command import MOST_STREAMS, replay_with_report
from jetseg_core.replay.run import job
from jetseg_core.replay.run.job import BESIDES
from jetseg_core.replay.run.output_bag import OutputBag
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.sources import FolderSource, Frame
from test.jetseg_core.replay.conftest import (
    CAMERA,
    LABELS,
    LANE,
    SIZE,
    STAMPS,
    Json,
    Make,
    WriteDrive,
    log_rows,
    outputs,
    picture,
    settings,
    truth,
    write_bag,
)


def figures(folder: Path) -> list[Any]:
    """The log without times."""
    rows = [vars(row) for row in log_rows(folder)]
    return [{k: v for k, v in row.items() if not k.endswith("_ms")} for row in rows]


def test_labels_are_the_runtime_s_under_the_input_s_stamps(
    replayed: tuple[Path, Json], street_frames: list[Frame]
) -> None:
    runtime = create_runtime(RuntimeSettings(input_size=SIZE))
    labels = outputs(replayed[0], "/front/segmentation/label")
    assert len(labels) == 9
    for (message, recorded_ns), frame, stamp in zip(labels, street_frames, STAMPS, strict=True):
        expected = runtime.segment(frame.image).labels
        np.testing.assert_array_equal(message.data.reshape(SIZE), expected)
        assert (message.encoding, message.step) == ("mono8", SIZE[1])
        assert message.header.stamp.sec * 10**9 + message.header.stamp.nanosec == stamp
        assert message.header.frame_id == "front" and recorded_ns == stamp + 7_000_000


def test_the_bag_has_masks_where_classes_are_named(
    write_drive: WriteDrive, tmp_path: Path, replayed: tuple[Path, Json]
) -> None:
    bag, mask = write_drive({CAMERA: picture}), "/front/segmentation/mask"
    with Recording(replayed[0] / "bag") as recording:
        assert mask not in recording.topics
    with pytest.raises(JetSegError, match=r"--mask-class: the model has no class 'Moose'; it has"):
        replay_with_report(settings(bag, tmp_path / "no", mask_classes=("Moose",)))
    replay_with_report(settings(bag, tmp_path / "out", mask_classes=("road",)))
    labels = outputs(tmp_path / "out", "/front/segmentation/label")
    road = CAMVID11.names.index("Road")
    for (found, _), (label, _) in zip(outputs(tmp_path / "out", mask), labels, strict=True):
        assert found.encoding == "mono8" and found.header == label.header
        np.testing.assert_array_equal(found.data, np.where(label.data == road, 255, 0))


def test_a_foreign_reader_opens_the_output(replayed: tuple[Path, Json]) -> None:
    reading = pytest.importorskip("mcap.reader", reason="the package mcap is not installed")
    (file,) = (replayed[0] / "bag").glob("*.mcap")
    times: dict[str, list[int]] = {}
    schemas = {}
    with file.open("rb") as stream:
        reader = reading.make_reader(stream, validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        for schema, channel, message in reader.iter_messages():
            times.setdefault(channel.topic, []).append(message.log_time)
            schemas[channel.topic] = (schema.name, schema.encoding)
            assert channel.message_encoding == "cdr"
    recorded = [stamp + 7_000_000 for stamp in STAMPS]
    for output in ("label", "overlay/compressed", "occupancy", "truth"):
        assert times[f"/front/segmentation/{output}"] == recorded
    assert schemas["/front/segmentation/occupancy"] == ("jetseg/msg/ClassOccupancy", "ros2msg")
    assert len(times["/segmentation/model_info"]) == 1


def test_accuracy_is_that_of_one_confusion_matrix(
    replayed: tuple[Path, Json], street_frames: list[Frame]
) -> None:
    runtime = create_runtime(RuntimeSettings(input_size=SIZE))
    matrix = ConfusionMatrix(11)
    for frame in street_frames:
        assert frame.labels is not None
        matrix.update(runtime.segment(frame.image).labels, frame.labels)
    report = replayed[1]
    assert report["miou"] == matrix.miou()
    assert report["pixel_accuracy"] == matrix.pixel_accuracy()
    assert report["confusion_matrix"] == matrix.counts[:, :-1].tolist()
    assert report["labelled_frames"] == 9


def test_flicker_by_hand(replayed: tuple[Path, Json]) -> None:
    maps = [m.data.reshape(SIZE) for m, _ in outputs(replayed[0], "/front/segmentation/label")]
    pairs = list(pairwise(maps))
    changed = sum(int((a != b).sum()) for a, b in pairs)
    flicker = replayed[1]["flicker"]
    assert flicker["overall"] == pytest.approx(changed / (8 * SIZE[0] * SIZE[1]))
    road = sum(int(((a == 3) & (b != 3)).sum()) for a, b in pairs)
    assert flicker["per_class"]["Road"] == pytest.approx(
        road / sum((a == 3).sum() for a in maps[:-1])
    )


def test_report_s_names_and_sums(replayed: tuple[Path, Json]) -> None:
    folder, report = replayed
    assert json.loads((folder / "report.json").read_text()) == report
    assert {"frames", "latency_ms", "miou", "per_class_iou", "flicker"} <= report.keys()
    assert report["frames"] == 9 and report["failed"] == 0 and report["complete"] is True
    latency = report["latency_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["max"]
    assert sum(latency["histogram"]["counts"]) == 9
    assert sum(report["occupancy"].values()) == pytest.approx(1)
    (camera,) = report["cameras"]
    assert camera["rate_hz"] == pytest.approx(10) and camera["gaps"]["count"] == 0
    assert sum(camera["regions"]["lane"].values()) == pytest.approx(1)
    assert camera["series"]["t_s"] == pytest.approx([0.1 * i for i in range(9)])
    assert len(report["timeline"]) == 9 and len(report["worst"]) == 3 == len(report["best"])
    assert report["worst"][0]["miou"] <= report["best"][0]["miou"]


def test_the_layout_for_foxglove_shows_the_bag_s_topics(replayed: tuple[Path, Json]) -> None:
    layout = json.loads((replayed[0] / "foxglove.json").read_text())
    panels = layout["configById"]
    shown = {panel["imageMode"]["imageTopic"] for panel in panels.values() if "imageMode" in panel}
    shown |= {
        path["value"].partition(".")[0]
        for panel in panels.values()
        for path in panel.get("paths", [])
    }
    shown |= {panel["topicPath"] for panel in panels.values() if "topicPath" in panel}
    with Recording(replayed[0] / "bag") as recording:
        assert shown == set(recording.topics)


def test_the_video_shows_every_frame(replayed: tuple[Path, Json]) -> None:
    video = cv2.VideoCapture(str(replayed[0] / "overlay.mp4"))
    count = 0
    while video.read()[0]:
        count += 1
    assert count == 9
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize(("how", "stop_after"), [("interrupt", 2), ("kill", 5)])
def test_an_interrupted_replay_goes_on_to_the_same_end(
    write_drive: WriteDrive,
    replayed: tuple[Path, Json],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    stop_after: int,
) -> None:
    bag, out = write_drive({CAMERA: picture, LABELS: truth}), tmp_path / "out"
    monkeypatch.setattr(job, "PART_FRAMES", 3)
    write, written = OutputBag.write, []
    left = 6  # of nine frames, three of which a kill leaves

    def stopping(self: OutputBag, *arguments: Any) -> None:
        write(self, *arguments)
        written.append(1)
        if len(written) == stop_after:
            if how == "kill":
                raise MemoryError
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as stopped:
        stopped.setattr(OutputBag, "write", stopping)
        if how == "kill":
            # Nothing is tidied up then: the part under way is lost.
            stopped.setattr(OutputBag, "end_part", _end_unless(written, OutputBag.end_part))
            with pytest.raises(MemoryError):
                replay_with_report(settings(bag, out, labels=LABELS, regions=(LANE,)))
        else:
            report = replay_with_report(
                settings(bag, out, labels=LABELS, regions=(LANE,))
            ).to_dict()
            # Those that were on their way are finished, too.
            assert report["complete"] is False
            assert stop_after <= report["frames"] <= stop_after + MOST_STREAMS + BESIDES
            left = 9 - report["frames"]
            assert "interrupted" in (out / "report.html").read_text()
            assert len(outputs(out, "/front/segmentation/label")) == report["frames"]

    with pytest.raises(JetSegError, match="go on with --resume, or replace it with --overwrite"):
        replay_with_report(settings(bag, out, labels=LABELS, regions=(LANE,)))
    with pytest.raises(JetSegError, match="the interrupted replay differs in 'regions'"):
        replay_with_report(settings(bag, out, labels=LABELS, resume=True))

    written.clear()
    monkeypatch.setattr(OutputBag, "write", stopping)
    written += [1] * stop_after  # it stops no more
    report = replay_with_report(
        settings(bag, out, labels=LABELS, regions=(LANE,), resume=True)
    ).to_dict()
    assert len(written) - stop_after == left
    assert figures(out) == figures(replayed[0])
    assert report["complete"] is True and report["miou"] == replayed[1]["miou"]
    assert report["flicker"] == replayed[1]["flicker"]
    for topic in ("label", "overlay/compressed", "occupancy"):
        ours = outputs(out, f"/front/segmentation/{topic}")
        theirs = outputs(replayed[0], f"/front/segmentation/{topic}")
        assert [time for _, time in ours] == [time for _, time in theirs]
    test_the_video_shows_every_frame((out, report))


def _end_unless(written: list[int], end_part: Any) -> Any:
    def ending(self: OutputBag, rows: int) -> None:
        if len(written) < 5:
            end_part(self, rows)

    return ending


@pytest.mark.slow
def test_on_real_frames_accuracy_is_exactly_that_of_evaluate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = os.environ.get("JETSEG_CAMVID") or "nowhere"
    if not (Path(root) / "val").is_dir():
        pytest.skip(f"no CamVid at '{root}': set JETSEG_CAMVID to a folder with val and valannot")
    frames = list(FolderSource(Path(root) / "val"))
    topics: dict[str, Make] = {CAMERA: picture, LABELS: truth}
    bag = write_bag(tmp_path / "val", frames, topics, StoragePlugin.MCAP)
    main(["evaluate", "--data", root, "--split", "val", "--json"])
    expected = json.loads(capsys.readouterr().out)
    main(["replay", str(bag), "--labels", LABELS, "--out", str(tmp_path / "out"), "--json"])
    report = json.loads(capsys.readouterr().out)
    for figure in ("frames", "miou", "per_class_iou", "pixel_accuracy", "confusion_matrix"):
        assert report[figure] == expected[figure]
    assert report["frames"] == len(frames)


def test_the_command(
    write_drive: WriteDrive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_drive({CAMERA: picture, LABELS: truth})
    size = ["--size", str(SIZE[0]), str(SIZE[1])]
    main(["replay", str(bag), "--labels", LABELS, "--out", str(tmp_path / "out"), *size])
    printed = capsys.readouterr().out
    assert "9 segmented, 0 failed" in printed and "mIoU " in printed
    main(["replay", str(bag), "--out", str(tmp_path / "out"), "--json", *size])
    assert json.loads(capsys.readouterr().out)["miou"] is None
    with pytest.raises(SystemExit) as ended:
        main(["replay", str(tmp_path / "nothing")])
    assert ended.value.code == 2
    assert "nothing: no such file or folder" in capsys.readouterr().err
