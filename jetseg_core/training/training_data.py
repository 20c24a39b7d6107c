"""Frames of a run, and its batches: (seed, epoch) alone decides them, so that a resumed run sees the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from jetseg_core.classes import ClassSet
from jetseg_core.classes.class_file import find_classes
from jetseg_core.data.augmentation import Augmentation
from jetseg_core.data.data_set import DataSet
from jetseg_core.data.layouts import find_layout
from jetseg_core.data.soft_labels import certain_labels, decode_soft, recording_of
from jetseg_core.errors import JetSegError
from jetseg_core.training.train_config import WHOLE, TrainConfig
from jetseg_core.training.training_frame import (
    TrainingFrame,
    draw_evenly,
    labelled_frames,
    read_root,
    resized,
)

_log = logging.getLogger("jetseg")

Frames = list[tuple[np.ndarray, np.ndarray]]
"""Images (H, W, 3) uint8 RGB with their labels (H, W) uint8, 255 = unlabelled."""


@dataclass(frozen=True)
class TrainingData:
    """All frames of a run, in memory."""

    classes: ClassSet
    train: list[TrainingFrame]
    """Labelled frames; every one comes once in an epoch, or none does where `extra` has the whole of it."""
    val: Frames
    description: str
    """Source of the training frames, for a checkpoint's provenance."""
    extra: list[tuple[list[TrainingFrame], float]] = field(default_factory=list)
    """Frames of further data sets, and the share of an epoch's frames that is drawn from each."""
    sources: dict[str, Frames] = field(default_factory=dict)
    """Held-out frames of further data sets by recording, labelled where their soft labels are certain."""

    @classmethod
    def read(cls, config: TrainConfig) -> TrainingData:
        """Read the training frames and those that are held out.

        Raises:
            JetSegError: a file cannot be used, no frame's name begins as one of `hold_out`, an epoch has less than one
                batch, or the labels of a split hold fewer than two classes.
        """
        classes = find_classes(config.classes)
        train, val, described = _read_labelled(config, classes)
        held_out = config.held_out()
        extra: list[tuple[list[TrainingFrame], float]] = []
        sources: dict[str, Frames] = {}
        names = [frame.name for frame in (*train, *val)]
        for root, share in config.extra_roots().items():
            frames = read_root(Path(root), classes)
            names += [frame.name for frame in frames]
            kept = [frame for frame in frames if not frame.name.startswith(held_out)]
            if not config.soft_weight and any(frame.labels is None for frame in kept):
                raise JetSegError(
                    f"extra_data: '{root}' has frames without labels; give a --soft-weight above 0, such as 1"
                )
            if not kept:
                raise JetSegError(f"extra_data: all frames of '{root}' are held out")
            extra.append((kept, share))
            described += f"; {len(kept)} frames of {len({recording_of(f.name) for f in kept})} other recordings"
            for frame in frames:
                if frame.name.startswith(held_out):
                    truth = _truth(frame, len(classes), train[0].image.shape[1])
                    sources.setdefault(recording_of(frame.name), []).append(truth)
        for beginning in held_out:
            if not any(name.startswith(beginning) for name in names):
                raise JetSegError(
                    f"hold_out: no frame's name begins with '{beginning}'; there are {', '.join(sorted(names)[:3])} "
                    f"... {max(names)}"
                )
        if sum(share for _, share in extra) >= WHOLE:
            described = f"class frequencies alone of {described}"
        data = cls(
            classes,
            train,
            [(f.image, f.labels) for f in val if f.labels is not None],
            described,
            extra,
            sources,
        )
        if data.epoch_length() < config.batch_size:
            raise JetSegError(
                f"batch_size: {config.batch_size}, but an epoch has only {data.epoch_length()} frames"
            )
        return data

    @property
    def width(self) -> int:
        """Width of the first labelled frame, in pixels, to which frames of other sizes are scaled."""
        return self.train[0].image.shape[1]

    def labelled(self) -> Frames:
        """The training frames that have labels."""
        return [(frame.image, frame.labels) for frame in self.train if frame.labels is not None]

    def epoch_length(self) -> int:
        """Number of frames in an epoch."""
        return len(self._labelled_drawn()) + sum(self._drawn())

    def epoch(self, seed: int, epoch: int) -> list[TrainingFrame]:
        """The frames of an epoch: the labelled ones, then those drawn from further data sets, by seed and epoch."""
        frames = list(self._labelled_drawn())
        for number, ((extra, _), count) in enumerate(zip(self.extra, self._drawn(), strict=True)):
            frames += draw_evenly(extra, count, np.random.default_rng((seed, epoch, 0, number)))
        return frames

    def _drawn(self) -> list[int]:
        """Number of frames that an epoch has from each further data set."""
        own = 1 - sum(share for _, share in self.extra)
        if self._labelled_drawn():
            return [round(len(self.train) * share / own) for _, share in self.extra]
        length = sum(len(frames) for frames, _ in self.extra)
        return [round(length * share) for _, share in self.extra]

    def _labelled_drawn(self) -> list[TrainingFrame]:
        """The labelled frames of an epoch: all, or none where further data sets have the whole of it."""
        return self.train if sum(share for _, share in self.extra) < WHOLE else []

    def class_pixels(self) -> np.ndarray:
        """(C,) int64 pixels of each class in the training frames; labels of no class do not count."""
        counts = np.zeros(256, np.int64)
        for _, labels in self.labelled():
            counts += np.bincount(labels.ravel(), minlength=256)
        return counts[: len(self.classes)]


def _read_labelled(
    config: TrainConfig, classes: ClassSet
) -> tuple[list[TrainingFrame], list[TrainingFrame], str]:
    """Frames of `config.data` to train on and to validate, and their description."""
    root = Path(config.data)
    size = (config.frame_height, config.frame_width) if config.frame_height else None
    with_soft = config.soft_weight > 0
    train = DataSet(root, "train", classes, size)
    if len(train) < config.batch_size:
        raise JetSegError(
            f"batch_size: {config.batch_size}, but an epoch has only {len(train)} frames"
        )
    description = train.describe()
    frames = labelled_frames(train, root, with_soft)
    train.tally.check(f"{root}: training")
    for warning in [*train.tally.warnings(), *train.tally.missing()]:
        _log.warning("training: %s", warning)
    folders = find_layout(root)
    if config.hold_out and not folders.together and "val" not in folders.splits:
        others = []
    else:
        val_set = DataSet(root, "val", classes, size)
        others = labelled_frames(val_set, root, with_soft)
        val_set.tally.check(f"{root}: validation")
    held_out = config.held_out()
    everything = [*frames, *others]
    val = [frame for frame in everything if held_out and frame.name.startswith(held_out)]
    if not val:
        if not others:
            raise JetSegError(
                f"hold_out: no frame of '{root}' begins with one of {', '.join(held_out)}, and there is no val"
            )
        return frames, others, description
    kept = [frame for frame in everything if not frame.name.startswith(held_out)]
    if len(kept) < config.batch_size:
        raise JetSegError(
            f"hold_out: '{config.hold_out}' leaves {len(kept)} frames of '{root}' to train on, less than a batch"
        )
    return kept, val, f"{description}, and val; without {config.hold_out}: {len(kept)} frames"


def _truth(frame: TrainingFrame, num_classes: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A held-out frame at this width, and its labels, or the certain pixels of its soft labels."""
    image = resized(frame.image, width)
    size = (image.shape[0], image.shape[1])
    if frame.soft is None:
        raise JetSegError(f"hold_out: '{frame.name}' of extra_data has no soft labels")
    return image, certain_labels(decode_soft(frame.soft, num_classes, frame.name), size)


def epoch_batches(
    data: TrainingData,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    epoch: int,
    share: slice = slice(None),
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield (images (N, H, W, 3) uint8, labels (N, H, W) int64, soft labels (N, C, H/2, W/2) uint8).

    The frames are those of `TrainingData.epoch`. The last incomplete batch is left out. A thread prepares the next
    batch while the network works on this one. Of each batch, `share` is yielded.
    """
    frames, num_classes = data.epoch(seed, epoch), len(data.classes)
    order = np.random.default_rng((seed, epoch)).permutation(len(frames))
    batches = [
        order[start : start + batch_size][share]
        for start in range(0, len(order) - batch_size + 1, batch_size)
    ]

    def sample(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng((seed, epoch, index))
        return frames[index].view(augmentation, rng, num_classes)

    def prepare(indices: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        images, labels, soft = zip(*(sample(int(index)) for index in indices), strict=True)
        return (
            torch.from_numpy(np.stack(images)),
            torch.from_numpy(np.stack(labels)).long(),
            torch.from_numpy(np.stack(soft)),
        )

    with ThreadPoolExecutor(max_workers=1) as loader:
        ahead = loader.submit(prepare, batches[0])
        for following in batches[1:]:
            batch, ahead = ahead.result(), loader.submit(prepare, following)
            yield batch
        yield ahead.result()
