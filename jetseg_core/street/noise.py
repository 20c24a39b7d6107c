"""Seeded randomness and smooth noise."""

from __future__ import annotations

import cv2
import numpy as np


def seeded(*key: int) -> np.random.Generator:
    """A random generator that depends on the key alone (integers from 0)."""
    return np.random.default_rng(np.random.SeedSequence(key))


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], cells: tuple[int, ...], falloff: float = 0.65
) -> np.ndarray:
    """Seamlessly tiling noise (H, W) float32 of mean 0 and deviation 1.

    Args:
        rng: source of randomness.
        shape: (height, width) in pixels.
        cells: grid cells along the shorter side, for each octave.
        falloff: strength of an octave relative to the one before.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave, count in enumerate(cells):
        per_cell = max(1.0, min(shape) / count)
        rows, columns = max(1, round(height / per_cell)), max(1, round(width / per_cell))
        grid = np.pad(rng.standard_normal((rows, columns)).astype(np.float32), 2, mode="wrap")
        matrix = np.array([[columns / width, 0, 1.5], [0, rows / height, 1.5]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        total += cv2.warpAffine(grid, matrix, (width, height), flags=flags) * falloff**octave
    return (total - total.mean()) / (total.std() + 1e-6)
