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
        """Warn of classes without a pixel, before time is spent on training.

        Raises:
            JetSegError: most pixels are of no class, or all are of one, as where a mask of 0 and 255 is taken for
                class ids.
        """
        pixels = self.class_pixels()
        total = sum(labels.size for _, labels in self.train)
        shares = ", ".join(
            f"{name} {100 * count / total:.1f} %"
            for name, count in zip(self.classes.names, pixels, strict=True)
            if count
        )
        if pixels.sum() < total / 2 or (pixels > 0).sum() < 2:
            nothing = 100 * (1 - pixels.sum() / total)
            raise JetSegError(
                f"the training labels: {nothing:.1f} % of the pixels are of no class ({shares}); "
                f"expected ids 0 to {len(self.classes) - 1}, 255 for void, or the colors of the classes; name the "
                "data's classes with --classes, or rewrite the labels (a mask of 0 and 255 wants 0 and 1)"
            )
        missing = [n for n, count in zip(self.classes.names, pixels, strict=True) if not count]
        if missing:
            _log.warning(
                "no training pixel of %s; the network cannot learn them (labelled: %s)",
                ", ".join(missing),
                shares,
            )

    def class_pixels(self) -> np.ndarray:
        """(C,) int64 pixels of each class in the training frames; labels of no class do not count."""
        counts = np.zeros(256, np.int64)
        for _, labels in self.train:
            counts += np.bincount(labels.ravel(), minlength=256)
        return counts[: len(self.classes)]


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
