"""Random views of a labelled frame: scale, aspect, crop, flip, brightness, contrast, gamma, color."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from jetseg_core.classes import UNLABELLED


@dataclass(frozen=True)
class RandomView:
    """One view, as a map from a frame's pixels to those of the view."""

    matrix: np.ndarray
    """(2, 3) affine map of (x, y) places, in pixels of the frame, to those of the view."""
    size: tuple[int, int]
    """(height, width) of the view."""
    levels: np.ndarray
    """(256, 3) uint8: the new value of each value of each channel."""

    def of_image(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (h, w, 3) uint8; black outside the frame."""
        warped = cv2.warpAffine(image, self.matrix, self.size[::-1], flags=cv2.INTER_LINEAR)
        return cv2.LUT(warped, self.levels[None])

    def of_labels(self, labels: np.ndarray) -> np.ndarray:
        """(H, W) uint8 -> (h, w) uint8; unlabelled outside the frame."""
        return cv2.warpAffine(
            labels, self.matrix, self.size[::-1], flags=cv2.INTER_NEAREST, borderValue=UNLABELLED
        )

    def of_soft(self, soft: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
        """Class probabilities of the view, at half its size.

        Args:
            soft: (planes, h, w) uint8 probabilities of the whole frame, at any size.
            frame: (height, width) of the frame that `matrix` is for.

        Returns:
            (planes, ceil(H/2), ceil(W/2)) uint8; 0 in every plane outside the frame.
        """
        half = (-(-self.size[1] // 2), -(-self.size[0] // 2))
        rows, columns = frame[0] / soft.shape[1], frame[1] / soft.shape[2]
        # Places are of pixels' centers: soft -> frame, frame -> view, view -> half of it.
        enlarge = np.array(
            [[columns, 0, (columns - 1) / 2], [0, rows, (rows - 1) / 2], [0, 0, 1]], np.float64
        )
        halve = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]], np.float64)
        matrix = halve @ np.vstack((self.matrix, (0, 0, 1))) @ enlarge
        planes = [cv2.warpAffine(plane, matrix, half, flags=cv2.INTER_LINEAR) for plane in soft]
        return np.stack(planes)


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; the defaults suit frames of 480x360."""

    crop: tuple[int, int] = (360, 480)
    """(height, width) of the view; pixels outside the frame are black and unlabelled."""
    scale: tuple[float, float] = (0.6, 1.8)
    """Smallest and largest factor on the frame's size, drawn log-uniformly."""
    flip: float = 0.5
    """Probability of a horizontal flip."""
    brightness: float = 0.35
    """Largest change of gain: the image is multiplied by 1 - b .. 1 + b."""
    color: float = 0.1
    """Largest change of each channel's gain relative to the others."""
    gamma: float = 0.0
    """Largest exponent of a gamma curve, as a logarithm: values v in 0..1 become v^(e^-g) .. v^(e^g)."""
    aspect: float = 0.0
    """Largest stretch of the width against the height, as a logarithm."""
    width: int = 0
    """Width, in pixels, that frames have at scale 1, whatever their own; 0 = their own."""

    def __call__(
        self, image: np.ndarray, labels: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 RGB and (H, W) uint8 -> the same dtypes at the crop's size."""
        view = self.draw((image.shape[0], image.shape[1]), rng)
        return view.of_image(image), view.of_labels(labels)

    def draw(self, frame: tuple[int, int], rng: np.random.Generator) -> RandomView:
        """A random view of a frame of this (height, width)."""
        height, width = self.crop
        factor = float(np.exp(rng.uniform(*np.log(self.scale))))
        if self.width:
            factor *= self.width / frame[1]
        # A range of 0 draws nothing, so that runs of before it existed see the same views.
        stretch = float(np.exp(rng.uniform(-self.aspect, self.aspect) / 2)) if self.aspect else 1.0
        across, down = factor * stretch, factor / stretch
        # One affine warp scales, shifts and flips, so that pixels outside the crop are never computed.
        spare_x, spare_y = width - across * frame[1], height - down * frame[0]
        shift_x, shift_y = rng.random() * spare_x, rng.random() * spare_y
        matrix = np.array([[across, 0, shift_x], [0, down, shift_y]], np.float32)
        if rng.random() < self.flip:
            matrix[0] = -matrix[0]
            matrix[0, 2] += width - 1
        gain = rng.uniform(1 - self.brightness, 1 + self.brightness)
        gains = gain * rng.uniform(1 - self.color, 1 + self.color, 3)
        values = np.arange(256.0)
        if self.gamma:
            values = 255 * (values / 255) ** np.exp(rng.uniform(-self.gamma, self.gamma))
        levels = np.clip(values[:, None] * gains, 0, 255).astype(np.uint8)
        return RandomView(matrix, self.crop, levels)
