"""torch on CUDA agrees with torch on the CPU; skipped where there is no CUDA device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jetseg_core.runtime import RuntimeSettings, create_runtime

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


@pytest.mark.parametrize(("precision", "agreement"), [("fp32", 0.999), ("fp16", 0.995)])
def test_labels_and_confidence_are_those_of_the_cpu(
    precision: str, agreement: float, street: tuple[np.ndarray, np.ndarray]
) -> None:
    on_cpu, on_cuda = (
        create_runtime(
            RuntimeSettings(backend="torch", device=device, precision=chosen, strict_backend=True)
        )
        for device, chosen in (("cpu", "fp32"), ("cuda", precision))
    )
    assert on_cuda.precision == precision
    expected, found = (r.segment(street[0], confidence=True) for r in (on_cpu, on_cuda))
    assert (found.labels == expected.labels).mean() >= agreement
    assert found.confidence is not None and expected.confidence is not None
    difference = np.abs(found.confidence.astype(int) - expected.confidence)
    assert np.percentile(difference, 99) <= (2 if precision == "fp32" else 8)
    kept = found.labels.copy()
    on_cuda.segment(255 - street[0])
    np.testing.assert_array_equal(found.labels, kept)
