"""Augmentation moves image and labels together."""

from __future__ import annotations

import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_core.data.augmentation import Augmentation


def test_image_and_labels_stay_together_whatever_is_drawn() -> None:
    labels = np.zeros((120, 160), np.uint8)
    labels[40:, :] = 1
    labels[:, 100:] = 2
    image = np.stack([labels * 60 + 40] * 3, -1)
    augmentation = Augmentation(crop=(96, 128), brightness=0, color=0)
    shares = []
    for seed in range(30):
        view, target = augmentation(image, labels, np.random.default_rng(seed))
        assert view.shape == (96, 128, 3)
        assert target.shape == (96, 128)
        assert set(np.unique(target)) <= {0, 1, 2, UNLABELLED}
        known = target != UNLABELLED
        agree = np.abs(view[known][:, 0].astype(int) - (target[known] * 60 + 40)) < 30
        assert agree.mean() > 0.97  # all but the blurred borders
        shares.append(known.mean())
    assert min(shares) < 1  # some views reach beyond the frame


def test_the_same_generator_draws_the_same_view() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (80, 90, 3), np.uint8)
    labels = rng.integers(0, 11, (80, 90), np.uint8)
    augmentation = Augmentation(crop=(64, 64))
    first = augmentation(image, labels, np.random.default_rng(7))
    second = augmentation(image, labels, np.random.default_rng(7))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    other = augmentation(image, labels, np.random.default_rng(8))
    assert (first[0] != other[0]).any()
