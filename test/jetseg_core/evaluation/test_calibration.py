"""Expected calibration error and the shares that a least confidence keeps, against figures found by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jetseg_core.classes import UNLABELLED
from jetseg_core.evaluation.calibration import CalibrationCounts


def counts(prediction: list[int], confidence: list[float], truth: list[int]) -> CalibrationCounts:
    result = CalibrationCounts(3)
    values = np.rint(255 * np.array(confidence)).astype(np.uint8)
    result.update(np.array(prediction, np.uint8), values, np.array(truth, np.uint8))
    return result


def test_the_error_is_the_distance_of_accuracy_from_confidence() -> None:
    # Four pixels at 1.0 of which three are right, four at 0.6 (= 153 / 255) of which one is right.
    found = counts([0] * 8, [1.0] * 4 + [0.6] * 4, [0, 0, 0, 1, 0, 1, 1, 2])
    assert found.ece() == pytest.approx(100 * (0.5 * 0.25 + 0.5 * 0.35))
    rows = {row["min_confidence"]: row for row in found.kept()}
    assert rows[0.5] == {"min_confidence": 0.5, "kept": 100, "accuracy": 50}
    assert rows[0.6]["kept"] == 100
    assert rows[0.7] == {"min_confidence": 0.7, "kept": 50, "accuracy": 75}


def test_a_confidence_that_holds_has_no_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.integers(86, 256, 200_000)
    right = rng.random(len(confidence)) < confidence / 255
    calibrated, boastful = CalibrationCounts(2), CalibrationCounts(2)
    truth = np.where(right, 0, 1).astype(np.uint8)
    calibrated.update(np.zeros_like(truth), confidence.astype(np.uint8), truth)
    boastful.update(np.zeros_like(truth), np.full_like(truth, 255), truth)
    assert calibrated.ece() < 0.6
    assert boastful.ece() == pytest.approx(100 * (1 - right.mean()))


def test_values_that_are_no_class_do_not_count() -> None:
    found = counts([0, UNLABELLED, 1], [0.5, 0.0, 1.0], [UNLABELLED, 1, 1])
    assert found.counts.sum(1).tolist() == [1, 1]
    assert found.ece() == 0
    empty = CalibrationCounts(3)
    assert math.isnan(empty.ece())
    assert empty.kept()[0] == {"min_confidence": 0.0, "kept": 0.0, "accuracy": None}
