"""Class-balanced weights by the effective number of samples (section 2.4; Cui et al., arXiv 1901.05555)."""

from __future__ import annotations

import numpy as np


def class_balanced_weights(pixel_counts: np.ndarray, beta: float = 0.999999) -> np.ndarray:
    """W_c = (1 - beta) / (1 - beta^n_c), normalised to mean 1 over the classes that occur.

    Args:
        pixel_counts: (C,) pixels of each class in the training set, 0 or more.
        beta: 0 <= beta < 1; 1 / (1 - beta) pixels are the scale from which more add little. 0 weighs all alike.

    Returns:
        (C,) float32; 0 for a class that does not occur.
    """
    counts = np.asarray(pixel_counts, np.float64)
    present = counts > 0
    weights = np.zeros(counts.shape)
    # 1 - beta^n by expm1 and log1p: the direct form loses all digits when beta is near 1.
    effective = -np.expm1(counts[present] * np.log1p(beta - 1)) if beta else np.ones(present.sum())
    weights[present] = (1 - beta) / effective
    return (weights / weights[present].mean()).astype(np.float32)
