"""Random views of a labelled frame: scale, crop, flip, brightness, contrast, color."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from jetseg_core.classes import UNLABELLED


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; the defaults suit frames of 480x360."""

    crop: tuple[int, int] = (360, 480)
    """(height, width) of the view; what the frame does not cover is black and unlabelled."""
    scale: tuple[float, float] = (0.6, 1.8)
    """Smallest and largest factor on the frame's size, drawn log-uniformly."""
    flip: float = 0.5
    """Probability of a horizontal flip."""
    brightness: float = 0.35
    """Largest change of gain: the image is multiplied by 1 - b .. 1 + b."""
    color: float = 0.1
    """Largest change of each channel's gain relative to the others."""

    def __call__(
        self, image: np.ndarray, labels: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 RGB and (H, W) uint8 -> the same dtypes at the crop's size."""
        height, width = self.crop
        factor = float(np.exp(rng.uniform(*np.log(self.scale))))
        # One affine warp scales, shifts and flips, so that pixels outside the crop are never computed.
        spare_x = width - factor * image.shape[1]
        spare_y = height - factor * image.shape[0]
        shift_x, shift_y = rng.random() * spare_x, rng.random() * spare_y
        matrix = np.array([[factor, 0, shift_x], [0, factor, shift_y]], np.float32)
        if rng.random() < self.flip:
            matrix[0] = -matrix[0]
            matrix[0, 2] += width - 1
        size = (width, height)
        image = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
        labels = cv2.warpAffine(
            labels, matrix, size, flags=cv2.INTER_NEAREST, borderValue=UNLABELLED
        )
        gain = rng.uniform(1 - self.brightness, 1 + self.brightness)
        gains = gain * rng.uniform(1 - self.color, 1 + self.color, 3)
        levels = np.arange(256)[:, None] * gains  # (256, 3)
        table = np.clip(levels, 0, 255).astype(np.uint8)
        return cv2.LUT(image, table[None]), labels
