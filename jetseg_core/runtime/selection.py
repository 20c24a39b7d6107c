"""Choice of the backend: the one asked for, or the fastest that this machine has."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import CHECKPOINT_SUFFIX, ModelFiles, check_export, find_model
from jetseg_core.runtime.registry import backends
from jetseg_core.runtime.runtime_settings import RuntimeSettings


def create_runtime(settings: RuntimeSettings) -> Runtime:
    """Load a model into the backend asked for.

    ``backend: auto`` takes the fastest backend on a CUDA device that it can use, else the fastest on the CPU.
    ``threads`` also limits OpenCV's threads, in the whole process.

    Raises:
        JetSegError: the checkpoint does not exist or is none, or the backend is not available here and
            ``strict_backend`` is set or no other backend is left.
    """
    files = find_model(settings.checkpoint)
    if settings.threads:
        cv2.setNumThreads(settings.threads)
    obstacles: dict[str, str] = {}
    for backend in _candidates(settings):
        if backend.backend in obstacles:
            continue
        file = files.of(backend.model_suffix)
        obstacle = _obstacle(backend, file, files)
        if obstacle or file is None:
            obstacles[backend.backend] = obstacle
            continue
        runtime = backend(file, settings)
        if file == files.exported:
            check_export(files, runtime.description)
        runtime.degraded = settings.backend not in ("auto", backend.backend)
        runtime.selection = _explain(runtime, obstacles)
        return runtime
    raise JetSegError(f"no backend can run '{settings.checkpoint}': {_joined(obstacles)}")


def _candidates(settings: RuntimeSettings) -> Iterator[type[Runtime]]:
    """Backends in the order in which to try them; one may come twice."""
    if settings.backend != "auto":
        yield backends()[settings.backend]
        if settings.strict_backend:
            return
    if settings.device != "cpu":
        # A generator, since asking a backend for CUDA may import a large package.
        yield from (
            backend
            for backend in _fastest_first("cuda")
            if settings.device == "cuda" or backend.sees_cuda()
        )
    if settings.device != "cuda":
        yield from _fastest_first("cpu")


def _fastest_first(device: str) -> list[type[Runtime]]:
    able = [backend for backend in backends().values() if device in backend.speed]
    return sorted(able, key=lambda backend: -backend.speed[device])


def _obstacle(backend: type[Runtime], file: Path | None, files: ModelFiles) -> str:
    """The reason why a backend cannot run its form of the model here; empty if it can."""
    for package in backend.packages:
        if find_spec(package) is None:
            return f"the Python package '{package}' is not installed"
    if file is not None:
        return ""
    if backend.model_suffix == CHECKPOINT_SUFFIX:
        return "it needs the .pt file, and only the .onnx file is there"
    return f"it needs the exported form; make it: jetseg export --checkpoint {files.checkpoint}"


def _explain(runtime: Runtime, obstacles: dict[str, str]) -> str:
    running = f"{runtime.backend} on {runtime.device} in {runtime.precision}"
    reasons = f" ({_joined(obstacles)})" if obstacles else ""
    if runtime.degraded:
        return f"{running} instead of {runtime.settings.backend}{reasons}"
    if runtime.settings.backend == "auto":
        return f"{running}, the fastest available{reasons}"
    return f"{running}, as asked"


def _joined(obstacles: dict[str, str]) -> str:
    return "; ".join(f"{name}: {obstacle}" for name, obstacle in obstacles.items())
