"""A frame to train on, with labels, soft labels, or both; and the roots of data sets that such frames come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.data.augmentation import Augmentation
from jetseg_core.data.data_set import DataSet
from jetseg_core.data.image_files import list_images, read_image
from jetseg_core.data.layouts import find_layout
from jetseg_core.data.soft_labels import FOLDER, decode_soft, find_soft, read_soft, recording_of
from jetseg_core.errors import JetSegError


@dataclass(frozen=True)
class TrainingFrame:
    """One frame in memory."""

    name: str
    """Name of its file, without suffix."""
    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    labels: np.ndarray | None
    """(H, W) uint8, 255 = unlabelled; None for a frame without labels."""
    soft: bytes | None = None
    """Soft labels as their file holds them, which is a tenth of their size; None for a frame without any."""

    def view(
        self, augmentation: Augmentation, rng: np.random.Generator, num_classes: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A random view.

        Returns:
            (h, w, 3) uint8 image, (h, w) uint8 labels, and (C, ceil(h/2), ceil(w/2)) uint8 soft labels, 0..31; where
            there are none, 255 and 0.
        """
        size = (self.image.shape[0], self.image.shape[1])
        view = augmentation.draw(size, rng)
        height, width = view.size
        labels = (
            np.full(view.size, UNLABELLED, np.uint8)
            if self.labels is None
            else view.of_labels(self.labels)
        )
        soft = (
            np.zeros((num_classes, -(-height // 2), -(-width // 2)), np.uint8)
            if self.soft is None
            else view.of_soft(decode_soft(self.soft, num_classes, self.name)[:-1], size)
        )
        return view.of_image(self.image), labels, soft


def labelled_frames(data: DataSet, root: Path, with_soft: bool) -> list[TrainingFrame]:
    """All frames of a split; with their soft labels where they are asked for and there are some.

    Raises:
        JetSegError: a file cannot be used.
    """
    frames = []
    for file, (image, labels) in zip(data.frames, tqdm(data, "reading", leave=False), strict=True):
        soft = _soft_bytes(root, file.stem, len(data.classes)) if with_soft else None
        frames.append(TrainingFrame(file.stem, image, labels, soft))
    return frames


def read_root(root: Path, classes: ClassSet) -> list[TrainingFrame]:
    """The frames of a further data set: its split train, or ``images/`` with ``soft/`` where it has no labels.

    Raises:
        JetSegError: neither is there, a frame has neither labels nor soft labels, or a file cannot be used.
    """
    images = root / "images"
    if not (images.is_dir() and (root / FOLDER).is_dir()) or (root / "labels").is_dir():
        find_layout(root)
        return labelled_frames(DataSet(root, "train", classes), root, with_soft=True)
    frames = []
    for file in tqdm(list_images(images), "reading", leave=False):
        soft = _soft_bytes(root, file.stem, len(classes))
        if soft is None:
            raise JetSegError(f"'{file}': no soft labels '{root / FOLDER / file.stem}.png'")
        frames.append(TrainingFrame(file.stem, read_image(file), None, soft))
    if not frames:
        raise JetSegError(f"no image in '{images}'")
    return frames


def draw_evenly(
    frames: Sequence[TrainingFrame], count: int, rng: np.random.Generator
) -> list[TrainingFrame]:
    """Random frames; a recording counts with the root of its number of frames, so that the longest leaves room."""
    sizes = Counter(recording_of(frame.name) for frame in frames)
    weights = np.array([sizes[recording_of(frame.name)] ** -0.5 for frame in frames])
    chosen = rng.choice(len(frames), count, p=weights / weights.sum())
    return [frames[index] for index in chosen]


def resized(image: np.ndarray, width: int) -> np.ndarray:
    """An image at this width, in its own proportions."""
    size = (width, round(image.shape[0] * width / image.shape[1]))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _soft_bytes(root: Path, name: str, num_classes: int) -> bytes | None:
    file = find_soft(root, name)
    if file is None:
        return None
    read_soft(file, num_classes)  # Refused now rather than in the middle of a run.
    return file.read_bytes()
