"""Labels made for other classes: what they hold is said, and no accuracy is made of it."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11
from jetseg_core.cli.main import main
from jetseg_core.data.image_files import LabelReader
from jetseg_core.data.label_tally import LabelTally

SIZE = (64, 96)


def tally_of(*images: np.ndarray) -> LabelTally:
    reader = LabelReader(CAMVID11)
    for image in images:
        reader.from_bytes(cv2.imencode(".png", image)[1].tobytes(), image.shape[:2], "labels")
    return reader.tally


@pytest.fixture
def mask() -> np.ndarray:
    """0 in three quarters of the image, 255 in one."""
    pixels = np.zeros(SIZE, np.uint8)
    pixels[: SIZE[0] // 4] = 255
    return pixels


@pytest.fixture
def masks(mask: np.ndarray, tmp_path: Path) -> Path:
    """A data set of one frame, labelled with a mask of 0 and 255."""
    for folder, pixels in (("images", np.full((*SIZE, 3), 90, np.uint8)), ("labels", mask)):
        (tmp_path / "data" / folder / "val").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "data" / folder / "val" / "a.png"), pixels)
    return tmp_path / "data"


def test_values_are_named_as_they_were_written() -> None:
    ids = np.repeat(np.array([1, 3, 11, 40], np.uint8), 25).reshape(10, 10)
    tally = tally_of(ids, np.full((10, 10), 40, np.uint8))
    assert tally.fault == ""
    (warning,) = tally.warnings()
    assert warning.startswith("75.0 % of the pixels are of no class; values found: 40: 62.5 %")
    assert "11: 12.5 %, 1 (Building): 12.5 %, 3 (Road): 12.5 %; expected ids 0 to 10" in warning
    assert tally.class_pixels.sum() == 50
    assert tally.missing()[0].startswith("no pixel of Sky, Pole, Sidewalk")


def test_colors_are_named_too() -> None:
    image = np.full((10, 10, 3), (90, 20, 200), np.uint8)  # blue first
    image[:2] = CAMVID11.palette[3][::-1]
    assert "color (200, 20, 90): 80.0 %, Road: 20.0 %" in tally_of(image).fault


def test_a_photograph_as_a_label_image_costs_little_memory() -> None:
    rng = np.random.default_rng(0)
    tally = tally_of(*(rng.integers(0, 256, (200, 200, 3), np.uint8) for _ in range(3)))
    assert len(tally._others) <= 2000
    assert len(tally.fault) < 1000


def test_evaluate_refuses_a_mask(masks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "--data", str(masks)])
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "of a single class; values found: 0 (Sky): 75.0 %, 255: 25.0 %" in printed.err


def test_replay_warns_of_a_mask(
    masks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["replay", str(masks / "images" / "val"), "--out", str(tmp_path / "out")])
    warning = (
        "ground truth: the labels hold pixels of a single class; values found: 0 (Sky): 75.0 %"
    )
    assert warning in "".join(capsys.readouterr())
    assert warning in (tmp_path / "out" / "report.html").read_text()


def test_labels_mostly_of_no_class_are_warned_of(
    masks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    labels = np.full(SIZE, 200, np.uint8)
    labels[:2], labels[2:4] = 1, 3
    cv2.imwrite(str(masks / "labels" / "val" / "a.png"), labels)
    with caplog.at_level(logging.WARNING, "jetseg"):
        main(["evaluate", "--data", str(masks)])
    assert "93.8 % of the pixels are of no class; values found: 200: 93.8 %" in caplog.text
