"""Whether the model runs, on every backend, and sees what is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from jetseg_core.classes import CAMVID11
from jetseg_core.doctor.finding import Finding
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime
from jetseg_core.runtime.selection import BACKENDS

LEAST_AGREEMENT = 0.5
"""Share of a generated street that must be labelled right; an untrained or broken model is far below."""


def examine_inference(checkpoint: str) -> Iterator[Finding]:
    """The default choice of backend, then each of them, on one frame of the generated street.

    Args:
        checkpoint: name of a shipped model, or path of a .pt or .onnx file.
    """
    image, truth = _street()
    try:
        runtime = create_runtime(RuntimeSettings(checkpoint=checkpoint))
    except Exception as error:
        yield Finding("model", "fail", f"{checkpoint} does not load ({error})", _MEND)
        return
    yield Finding("model", "ok", f"{runtime.description.name}: {runtime.selection}")
    yield _self_test("self-test", runtime, image, truth)
    runtime.close()
    for backend in BACKENDS:
        yield _examine_backend(checkpoint, backend, image, truth)


_MEND = "name another checkpoint, or install what it says is missing"


def _examine_backend(
    checkpoint: str, backend: str, image: np.ndarray, truth: np.ndarray
) -> Finding:
    name = f"backend {backend}"
    settings = RuntimeSettings(checkpoint=checkpoint, backend=backend, strict_backend=True)
    try:
        runtime = create_runtime(settings)
    except JetSegError as error:  # only one backend is needed
        return Finding(name, "warn", str(error), "needed only if you choose this backend")
    except Exception as error:
        return Finding(
            name, "warn", f"{type(error).__name__}: {error}", "do not choose it until it works"
        )
    try:
        found = _self_test(name, runtime, image, truth)
    finally:
        runtime.close()
    return replace(found, state="warn") if found.state == "fail" else found


def _self_test(name: str, runtime: Runtime, image: np.ndarray, truth: np.ndarray) -> Finding:
    what = f"{runtime.backend} on {runtime.device} in {runtime.precision}"
    try:
        runtime.segment(image, confidence=True)  # the first may compile
        began = time.perf_counter()
        labels = runtime.segment(image).labels
        elapsed_ms = 1e3 * (time.perf_counter() - began)
    except Exception as error:
        return Finding(name, "fail", f"{what}: {type(error).__name__}: {error}", _MEND)
    what = f"{what}, {elapsed_ms:.0f} ms a frame"
    if runtime.description.classes.names != CAMVID11.names:
        return Finding(name, "ok", f"{what}; classes of its own, so the labels are not checked")
    right = float((labels == truth)[truth < len(CAMVID11)].mean())
    seen = f"{what}, {right:.0%} of a generated street right"
    if right < LEAST_AGREEMENT:
        return Finding(
            name, "fail", seen, "the model is untrained, or this backend computes it wrongly"
        )
    return Finding(name, "ok", seen)


def _street() -> tuple[np.ndarray, np.ndarray]:
    from jetseg_core.street import StreetScene

    return StreetScene(seed=3).render(40)
