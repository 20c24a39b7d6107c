"""An epoch's batches, drawn so that (seed, epoch) alone decides them and a resumed run sees the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from jetseg_core.data.augmentation import Augmentation
from jetseg_core.street import StreetScene

Frames = list[tuple[np.ndarray, np.ndarray]]


def epoch_batches(
    frames: Frames,
    street_scenes: int,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    epoch: int,
    share: slice = slice(None),
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images (N, H, W, 3) uint8, labels (N, H, W) int64); the last incomplete batch is left out.

    Every frame comes once, mixed with `street_scenes` freshly rendered ones. The next batch is prepared in a
    thread while the network works on this one. Of each batch, `share` is yielded.
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(frames) + street_scenes)
    batches = [
        order[start : start + batch_size][share]
        for start in range(0, len(order) - batch_size + 1, batch_size)
    ]

    def sample(index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((seed, epoch, int(index)))
        if index < len(frames):
            image, labels = frames[index]
        else:
            # A street of its own and a moment of its own for every rendered frame.
            height, width = frames[0][1].shape
            scene = StreetScene(seed=int(rng.integers(1 << 31)), size=(height, width))
            image, labels = scene.render(int(rng.integers(1000)))
        return augmentation(image, labels, rng)

    def prepare(indices: np.ndarray) -> tuple[Tensor, Tensor]:
        images, labels = zip(*(sample(index) for index in indices), strict=True)
        return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(labels)).long()

    with ThreadPoolExecutor(max_workers=1) as loader:
        ahead = loader.submit(prepare, batches[0])
        for following in batches[1:]:
            batch, ahead = ahead.result(), loader.submit(prepare, following)
            yield batch
        yield ahead.result()
