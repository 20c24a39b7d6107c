"""Augmentation moves image and labels together."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_core.data.augmentation import Augmentation


def test_image_and_labels_stay_together_under_every_draw() -> None:
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


def test_soft_labels_move_with_the_labels_under_every_draw() -> None:
    labels = np.zeros((120, 160), np.uint8)
    labels[40:, :] = 1
    labels[:, 100:] = 2
    image = np.zeros((120, 160, 3), np.uint8)
    coarse = labels[1::3, 1::3]  # 40x53 of 120x160
    soft = 31 * np.stack([coarse == k for k in range(3)]).astype(np.uint8)
    augmentation = Augmentation(crop=(95, 129), aspect=0.3, gamma=0.3)
    for seed in range(20):
        view = augmentation.draw((120, 160), np.random.default_rng(seed))
        truth = view.of_labels(labels)[::2, ::2]
        found = view.of_soft(soft, (120, 160))
        assert found.shape == (3, 48, 65)
        known = truth != UNLABELLED
        assert (found.argmax(0) == truth)[known].mean() > 0.95  # all but the borders
        # Well outside the frame nothing is known; a blurred border of a coarse pixel is left.
        outside = cv2.erode((~known).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        assert found[:, outside].max(initial=0) == 0
        assert view.of_image(image).shape == (95, 129, 3)


def test_frames_of_every_size_are_scaled_to_one_width() -> None:
    augmentation = Augmentation(crop=(64, 64), scale=(1, 1), width=320)
    for size in ((120, 160), (480, 640)):
        view = augmentation.draw(size, np.random.default_rng(0))
        assert abs(view.matrix[0, 0]) * size[1] == 320


def test_stretch_and_gamma_are_drawn_within_their_ranges() -> None:
    augmentation = Augmentation(crop=(64, 64), brightness=0, color=0, gamma=0.5, aspect=0.2)
    views = [augmentation.draw((64, 64), np.random.default_rng(seed)) for seed in range(50)]
    stretches = [np.log(abs(view.matrix[0, 0] / view.matrix[1, 1])) for view in views]
    assert -0.2 <= min(stretches) < -0.1 < 0.1 < max(stretches) <= 0.2
    middle = [int(view.levels[128, 0]) for view in views]
    darkest, brightest = 255 * (128 / 255) ** np.exp(0.5), 255 * (128 / 255) ** np.exp(-0.5)
    assert int(darkest) <= min(middle) < 120 < 140 < max(middle) <= brightest
