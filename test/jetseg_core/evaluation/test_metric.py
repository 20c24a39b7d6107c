"""The confusion matrix against figures found by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, jaccard_score

from jetseg_core.classes import UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix, iou, miou, pixel_accuracy

TRUTH = np.array([[0, 0, 1, 1], [1, 0, UNLABELLED, UNLABELLED]], np.uint8)
PREDICTION = np.array([[0, 1, 1, 1], [0, 0, 1, 0]], np.uint8)


def test_figures_by_hand() -> None:
    confusion = ConfusionMatrix(3)
    confusion.update(PREDICTION, TRUTH)
    # Class 0: 2 hits, 1 missed, 1 false; class 1 the same; class 2 occurs nowhere.
    np.testing.assert_allclose(confusion.iou()[:2], [0.5, 0.5])
    assert np.isnan(confusion.iou()[2])
    assert confusion.miou() == pytest.approx(50)
    assert confusion.pixel_accuracy() == pytest.approx(100 * 4 / 6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_figures_are_those_of_scikit_learn(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    confusion = ConfusionMatrix(classes)
    truth = rng.integers(0, classes, (4, 6, 7)).astype(np.uint8)
    wrong = rng.integers(0, classes, truth.shape).astype(np.uint8)
    prediction = np.where(rng.random(truth.shape) < 0.5, truth, wrong)
    prediction[rng.random(truth.shape) < 0.1] = UNLABELLED
    truth[rng.random(truth.shape) < 0.2] = UNLABELLED
    for frame in range(len(truth)):
        confusion.update(prediction[frame], truth[frame])
    labelled = truth != UNLABELLED
    iou = jaccard_score(
        truth[labelled], prediction[labelled], labels=range(classes), average=None, zero_division=0
    )
    np.testing.assert_allclose(np.nan_to_num(confusion.iou()), iou)
    occurring = np.unique(truth[labelled])
    assert confusion.miou() == pytest.approx(100 * iou[occurring].mean())
    accuracy = accuracy_score(truth[labelled], prediction[labelled])
    assert confusion.pixel_accuracy() == pytest.approx(100 * accuracy)


def test_one_matrix_over_all_frames_is_not_the_mean_of_frames() -> None:
    together = ConfusionMatrix(2)
    together.update(np.array([0, 0, 0, 0], np.uint8), np.array([0, 0, 0, 1], np.uint8))
    together.update(np.array([1], np.uint8), np.array([1], np.uint8))
    # Class 0: 3 / 4, class 1: 1 / 2; the mean over frames would be ((3/4 + 0) / 2 + 1) / 2.
    assert together.miou() == pytest.approx(100 * (3 / 4 + 1 / 2) / 2)


def test_an_unlabelled_prediction_is_a_miss_and_no_false_alarm() -> None:
    confusion = ConfusionMatrix(2)
    confusion.update(np.array([0, UNLABELLED, 1], np.uint8), np.array([0, 0, 1], np.uint8))
    np.testing.assert_allclose(confusion.iou(), [0.5, 1.0])
    assert confusion.pixel_accuracy() == pytest.approx(100 * 2 / 3)


def test_a_class_only_predicted_lowers_the_others_but_is_not_averaged() -> None:
    confusion = ConfusionMatrix(3)
    confusion.update(np.array([0, 2], np.uint8), np.array([0, 0], np.uint8))
    assert confusion.iou()[2] == 0
    assert confusion.miou() == pytest.approx(50)


def test_nothing_labelled_gives_nan_and_other_sizes_are_refused() -> None:
    confusion = ConfusionMatrix(2)
    confusion.update(np.zeros(4, np.uint8), np.full(4, UNLABELLED, np.uint8))
    assert np.isnan(confusion.miou())
    assert np.isnan(confusion.pixel_accuracy())
    with pytest.raises(JetSegError, match="one size"):
        confusion.update(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))


def test_class_counts_of_frames_add_up_to_those_of_the_matrix() -> None:
    rng = np.random.default_rng(3)
    together, counts = ConfusionMatrix(4), np.zeros((3, 4))
    for _ in range(5):
        frame = ConfusionMatrix(4)
        truth, prediction = rng.integers(0, 4, (2, 6, 7)).astype(np.uint8)
        prediction[0] = UNLABELLED
        frame.update(prediction, truth)
        together.update(prediction, truth)
        counts += frame.class_counts()
    np.testing.assert_allclose(iou(counts), together.iou())
    assert miou(counts) == pytest.approx(together.miou())
    assert pixel_accuracy(counts) == pytest.approx(together.pixel_accuracy())
