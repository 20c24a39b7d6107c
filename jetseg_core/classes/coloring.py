"""Colors for label maps, and their blend over the image."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.classes import UNLABELLED, ClassSet


def color_labels(labels: np.ndarray, classes: ClassSet) -> np.ndarray:
    """The color of every pixel's class.

    Args:
        labels: (H, W) uint8 class ids; 255 and other values without a class become black.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    # A table look-up through OpenCV is ten times faster than NumPy's fancy indexing.
    return cv2.applyColorMap(labels, classes.lookup_table.reshape(256, 1, 3))


def blend_colors(
    image: np.ndarray, colors: np.ndarray, labels: np.ndarray, alpha: float
) -> np.ndarray:
    """Class colors laid over the image; unlabelled pixels keep the image's own color.

    Args:
        image: (H, W, 3) uint8 RGB.
        colors: (H, W, 3) uint8 RGB, from `color_labels`.
        labels: (H, W) uint8 class ids.
        alpha: share of the class color, 0 (image only) to 1 (colors only).

    Returns:
        (H, W, 3) uint8 RGB.
    """
    blended = cv2.addWeighted(image, 1.0 - alpha, colors, alpha, 0.0)
    # Not cv2.compare, which takes an image of 1x4 or fewer pixels for a scalar.
    unlabelled = (labels == UNLABELLED).view(np.uint8)
    return cv2.copyTo(image, unlabelled, blended)
