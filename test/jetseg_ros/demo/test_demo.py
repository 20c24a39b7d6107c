"""The demo from end to end: three processes over DDS."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.network.checkpoint import save_checkpoint
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.sources import open_source

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("domain")]


def demo(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "jetseg_ros.demo",
        "--output",
        str(output),
        "--rate",
        "2.5",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def miou_offline(source: str, frames: int) -> float:
    """Labels of the runtime alone for the first frames of a source."""
    runtime = create_runtime(RuntimeSettings())
    confusion = ConfusionMatrix(len(CAMVID11))
    for frame in itertools.islice(open_source(source), frames):
        assert frame.labels is not None
        confusion.update(runtime.segment(frame.image).labels, frame.labels)
    return confusion.miou()


def test_generated_street(tmp_path: Path) -> None:
    source = "generator:frames=20,size=240x180"
    finished = demo(tmp_path, "--input", source)
    assert finished.returncode == 0, finished.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["frames_sent"] == 20
    assert report["frames_received"] >= 0.8 * 20
    assert report["frames_dropped"] == 20 - report["frames_received"]
    assert report["stamps_match"] is True
    assert report["camera_rate_hz"] == pytest.approx(2.5, abs=0.25)
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"]
    assert list(report["occupancy"]) == list(CAMVID11.names)
    assert sum(report["occupancy"].values()) == pytest.approx(1.0, abs=1e-3)
    assert report["node_counts"]["failed"] == 0

    assert report["miou"] == pytest.approx(miou_offline(source, 20), abs=1)
    assert report["per_class_iou"].keys() == report["occupancy"].keys()

    pictures = sorted(tmp_path.glob("frame_*.png"))
    assert 4 <= len(pictures) <= 6
    for picture in pictures:
        pixels = cv2.imread(str(picture))
        assert pixels.shape[1] == 960 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000
    assert f"{report['frames_received']} received" in finished.stdout
    assert "mIoU" in finished.stdout


def test_real_frames(tmp_path: Path) -> None:
    val = Path(os.environ.get("JETSEG_CAMVID") or "nowhere") / "val"
    if not val.is_dir():
        pytest.skip(f"no CamVid at '{val}': set JETSEG_CAMVID to a folder with val and valannot")
    finished = demo(tmp_path, "--input", str(val), "--frames", "20")
    assert finished.returncode == 0, finished.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["frames_sent"] == 20 and report["frames_received"] >= 0.8 * 20
    assert report["stamps_match"] is True
    assert report["miou"] == pytest.approx(miou_offline(str(val), 20), abs=1)


def test_labels_are_read_in_the_classes_of_the_model(tmp_path: Path) -> None:
    """A data set of its own, with colors, and a model of its classes."""
    classes = ClassSet("fields", ("crop", "soil", "sky"), ((0, 200, 0), (90, 60, 30), (0, 0, 255)))
    model = JetSeg(ModelConfig(num_classes=3))
    save_checkpoint(tmp_path / "fields.pt", model, classes, {})
    ids = np.repeat(np.repeat([[2, 2], [0, 1]], 60, axis=0), 80, axis=1)
    for folder in ("images", "labels"):
        (tmp_path / folder / "val").mkdir(parents=True)
    for index in range(6):
        image = np.full((120, 160, 3), 40 * index, np.uint8)
        cv2.imwrite(str(tmp_path / "images" / "val" / f"{index}.png"), image)
        colors = np.array(classes.palette, np.uint8)[np.roll(ids, index, axis=1)]
        cv2.imwrite(str(tmp_path / "labels" / "val" / f"{index}.png"), colors[..., ::-1])
    source, out = tmp_path / "images" / "val", tmp_path / "the out"
    finished = demo(out, "--input", str(source), "--checkpoint", str(tmp_path / "fields.pt"))
    assert finished.returncode == 0, finished.stderr
    report = json.loads((out / "report.json").read_text())
    assert list(report["per_class_iou"]) == list(classes.names)
    offline = ConfusionMatrix(3)
    runtime = create_runtime(RuntimeSettings(checkpoint=str(tmp_path / "fields.pt")))
    for frame in open_source(str(source), classes):
        assert frame.labels is not None
        offline.update(runtime.segment(frame.image).labels, frame.labels)
    assert offline.class_counts()[1].min() > 0
    if report["frames_received"] == 6:
        assert report["miou"] == pytest.approx(offline.miou(), abs=1)


def test_pictures_of_ones_own_have_no_accuracy(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for index in range(8):
        cv2.imwrite(str(folder / f"{index}.jpg"), np.full((90, 160, 3), 30 * index, np.uint8))
    finished = demo(tmp_path / "out", "--input", str(folder))
    assert finished.returncode == 0, finished.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["frames_sent"] == 8 and report["frames_received"] >= 6
    assert report["miou"] is None and report["per_class_iou"] is None
    assert "mIoU" not in finished.stdout


def test_a_node_that_dies_ends_the_demo(tmp_path: Path) -> None:
    finished = demo(tmp_path, "--checkpoint", "nowhere.pt")
    assert finished.returncode == 2
    assert "segmentation_node ended with status 2" in finished.stderr
    assert "no checkpoint 'nowhere.pt'" in finished.stderr  # its last words


def test_an_input_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    finished = demo(tmp_path, "--input", str(tmp_path / "nothing"))
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: ") and "no such file or folder" in finished.stderr
    assert not (tmp_path / "node.log").exists()
