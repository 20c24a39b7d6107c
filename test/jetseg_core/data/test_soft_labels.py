"""Soft labels: what is written is read, and what is something else is refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.data.soft_labels import (
    certain_labels,
    decode_soft,
    find_soft,
    read_soft,
    recording_of,
    write_soft,
)
from jetseg_core.errors import JetSegError


def test_written_labels_are_read_to_half_a_step(tmp_path: Path) -> None:
    given = np.random.default_rng(0).dirichlet(np.ones(4), (6, 9)).transpose(2, 0, 1)
    (tmp_path / "soft").mkdir()
    write_soft(tmp_path / "soft" / "a_1.png", given)
    file = find_soft(tmp_path, "a_1")
    assert file is not None
    assert find_soft(tmp_path, "a_2") is None
    found = read_soft(file, 3)
    assert found.shape == (4, 6, 9)
    assert np.abs(found / 31 - given).max() <= 0.5 / 31 + 1e-9
    assert cv2.imread(str(file), cv2.IMREAD_UNCHANGED).shape == (24, 9)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((25, 9), np.uint8), r"4 planes of equal height \(3 classes and none of them\)"),
        (np.zeros((24, 9, 3), np.uint8), "8-bit gray"),
        (np.zeros((24, 9), np.uint16), "uint16 of shape"),
        (
            np.full((24, 9), 255, np.uint8),
            "a value of 255; expected probabilities in steps of 1/31",
        ),
    ],
)
def test_another_form_is_refused(tmp_path: Path, image: np.ndarray, message: str) -> None:
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), image)
    with pytest.raises(JetSegError, match=message):
        read_soft(file, 3)


def test_files_that_are_no_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(JetSegError, match="cannot be read"):
        read_soft(tmp_path / "absent.png", 3)
    for encoded in (b"", b"text"):
        with pytest.raises(JetSegError, match=r"x\.png: not an image"):
            decode_soft(encoded, 3, "x.png")


def test_only_certain_pixels_have_a_label() -> None:
    soft = np.zeros((4, 1, 4), np.uint8)
    # A pixel in each column: certain, in doubt, certainly none of the classes, certain enough.
    soft[:, 0] = np.array([[31, 0, 0, 0], [16, 15, 0, 0], [0, 0, 0, 31], [0, 3, 28, 0]]).T
    labels = certain_labels(soft, (2, 8))
    assert labels.tolist() == [[0, 0, 255, 255, 255, 255, 2, 2]] * 2


def test_the_recording_is_in_the_name() -> None:
    assert [recording_of(name) for name in ("iddlite_0001", "0006R0_f00930", "lone")] == [
        "iddlite",
        "0006R0",
        "lone",
    ]
