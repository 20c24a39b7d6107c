"""Labelled frames of a run, and its batches: (seed, epoch) alone decides them, so that a resumed run sees the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from jetseg_core.classes import ClassSet
from jetseg_core.classes.class_file import find_classes
from jetseg_core.data.augmentation import Augmentation
from jetseg_core.data.data_set import DataSet
from jetseg_core.errors import JetSegError
from jetseg_core.training.train_config import TrainConfig

_log = logging.getLogger("jetseg")

Frames = list[tuple[np.ndarray, np.ndarray]]
"""Images (H, W, 3) uint8 RGB with their labels (H, W) uint8, 255 = unlabelled."""


@dataclass(frozen=True)
class TrainingData:
    """All frames of a run, in memory."""

    classes: ClassSet
    train: Frames
    val: Frames
    description: str
    """Source of the training frames, for a checkpoint's provenance."""

    @classmethod
    def read(cls, config: TrainConfig) -> TrainingData:
        """Read the training and the validation split.

        Raises:
            JetSegError: a file cannot be used, or an epoch has less than one batch.
        """
        classes = find_classes(config.classes)
        size = (config.frame_height, config.frame_width) if config.frame_height else None
        train, val = (DataSet(config.data, split, classes, size) for split in ("train", "val"))
        if len(train) < config.batch_size:
            raise JetSegError(
                f"batch_size: {config.batch_size}, but an epoch has only {len(train)} frames"
            )
        frames, val_frames = (list(tqdm(split, "reading", leave=False)) for split in (train, val))
        data = cls(classes, frames, val_frames, train.describe())
        data.check_labels()
        return data

    def check_labels(self) -> None:
        """Warn of unlabelled pixels and missing classes, before time is spent on training.

        Raises:
            JetSegError: fewer than two classes have a pixel, as where a mask of 0 and 255 is taken for class ids.
        """
        counts = self._value_counts()
        shares = 100 * counts / counts.sum()
        found = ", ".join(
            f"{value}: {shares[value]:.1f} %" for value in np.flatnonzero(counts)[:40]
        )
        pixels = counts[: len(self.classes)]
        expected = (
            f"values found: {found}; expected ids 0 to {len(self.classes) - 1}, 255 for void, or the colors of the "
            "classes"
        )
        if (pixels > 0).sum() < 2:
            raise JetSegError(
                f"the training labels hold fewer than two classes; {expected}; name the data's classes with "
                "--classes, or rewrite the labels (a mask of 0 and 255 wants 0 and 1)"
            )
        if pixels.sum() < counts.sum() / 2:
            _log.warning(
                "%.1f %% of the training pixels are of no class; %s",
                100 - shares[: len(self.classes)].sum(),
                expected,
            )
        missing = [n for n, count in zip(self.classes.names, pixels, strict=True) if not count]
        if missing:
            _log.warning(
                "no training pixel of %s; the network cannot learn them; %s",
                ", ".join(missing),
                expected,
            )

    def _value_counts(self) -> np.ndarray:
        """(256,) int64 pixels of each label value in the training frames."""
        counts = np.zeros(256, np.int64)
        for _, labels in self.train:
            counts += np.bincount(labels.ravel(), minlength=256)
        return counts

    def class_pixels(self) -> np.ndarray:
        """(C,) int64 pixels of each class in the training frames; labels of no class do not count."""
        return self._value_counts()[: len(self.classes)]


def epoch_batches(
    frames: Frames,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    epoch: int,
    share: slice = slice(None),
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images (N, H, W, 3) uint8, labels (N, H, W) int64); every frame comes once.

    The last incomplete batch is left out. A thread prepares the next batch while the network works on this one. Of
    each batch, `share` is yielded.
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(frames))
    batches = [
        order[start : start + batch_size][share]
        for start in range(0, len(order) - batch_size + 1, batch_size)
    ]

    def sample(index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((seed, epoch, index))
        return augmentation(*frames[index], rng)

    def prepare(indices: np.ndarray) -> tuple[Tensor, Tensor]:
        images, labels = zip(*(sample(int(index)) for index in indices), strict=True)
        return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(labels)).long()

    with ThreadPoolExecutor(max_workers=1) as loader:
        ahead = loader.submit(prepare, batches[0])
        for following in batches[1:]:
            batch, ahead = ahead.result(), loader.submit(prepare, following)
            yield batch
        yield ahead.result()
