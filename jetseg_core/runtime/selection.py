"""Which backend runs: the one asked for, or the best that this machine has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import ModelFiles, find_model
from jetseg_core.runtime.runtime_settings import RuntimeSettings


def create_runtime(settings: RuntimeSettings) -> Runtime:
    """Load a model into the backend asked for.

    With ``backend: auto`` that is tensorrt where it is installed, else torch where it sees a CUDA device, else
    openvino, onnxruntime or torch on the CPU, in this order. ``threads`` bounds OpenCV's threads, too, in the whole
    process.

    Raises:
        JetSegError: no such checkpoint, not a checkpoint, an unknown backend, or (with ``strict_backend``, or
            when nothing else is left) one that is not available here.
    """
    if settings.backend not in ("auto", *BACKENDS):
        raise JetSegError(
            f"backend: '{settings.backend}' is not one of auto, {', '.join(BACKENDS)}"
        )
    files = find_model(settings.checkpoint)
    asked = [] if settings.backend == "auto" else [settings.backend]
    obstacles: list[str] = []
    if settings.threads:
        cv2.setNumThreads(settings.threads)
    for name in _order(asked, settings.device):
        obstacle = _obstacle(name, files)
        if obstacle is None:
            runtime = BACKENDS[name](files, settings)
            runtime.degraded = bool(asked) and name not in asked
            runtime.selection = _explain(runtime, asked, obstacles)
            return runtime
        obstacles.append(f"{name}: {obstacle}")
        if name in asked and settings.strict_backend:
            break
    raise JetSegError(f"no backend can run '{settings.checkpoint}': {'; '.join(obstacles)}")


def _openvino(files: ModelFiles, settings: RuntimeSettings) -> Runtime:
    from jetseg_core.runtime.openvino_backend import OpenVinoRuntime

    return _fresh(OpenVinoRuntime(_exported(files), settings), files)


def _onnxruntime(files: ModelFiles, settings: RuntimeSettings) -> Runtime:
    from jetseg_core.runtime.onnxruntime_backend import OnnxRuntimeBackend

    return _fresh(OnnxRuntimeBackend(_exported(files), settings), files)


def _tensorrt(files: ModelFiles, settings: RuntimeSettings) -> Runtime:
    from jetseg_core.runtime.tensorrt_backend import TensorRtRuntime

    return _fresh(TensorRtRuntime(_exported(files), settings), files)


def _torch(files: ModelFiles, settings: RuntimeSettings) -> Runtime:
    from jetseg_core.runtime.torch_backend import TorchRuntime

    assert files.checkpoint is not None
    return TorchRuntime(files.checkpoint, settings)


BACKENDS: dict[str, Callable[[ModelFiles, RuntimeSettings], Runtime]] = {
    "torch": _torch,
    "openvino": _openvino,
    "onnxruntime": _onnxruntime,
    "tensorrt": _tensorrt,
}
"""Every backend by name; importing one does not need the others."""

PACKAGES = {
    "torch": ("torch",),
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime",),
    "tensorrt": ("tensorrt", "cuda", "onnx"),
}
"""The Python packages that each backend imports."""


NVIDIA_DEVICES = ("/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/nvgpu")
"""What NVIDIA's drivers create: on a PC, and on Jetsons of several generations."""


def _exported(files: ModelFiles) -> Path:
    assert files.exported is not None
    return files.exported


def _fresh(runtime: Runtime, files: ModelFiles) -> Runtime:
    """The runtime, if its exported form is that of the checkpoint beside it."""
    if files.checkpoint is not None:
        found = hashlib.sha256(files.checkpoint.read_bytes()).hexdigest()
        if found != runtime.description.sha256:
            raise JetSegError(
                f"'{files.exported}' was exported from another checkpoint than '{files.checkpoint}' is "
                f"now; make it anew: jetseg export --checkpoint {files.checkpoint}"
            )
    return runtime


def _order(asked: list[str], device: str) -> Iterator[str]:
    """What was asked for, then the rest, fastest first; looked at only when needed, since looking imports torch."""
    yield from asked
    yield from (name for name in _by_speed(device) if name not in asked)


def _by_speed(device: str) -> list[str]:
    """Backends, fastest first, for the device asked for."""
    if device == "cuda":
        return ["tensorrt", "torch", "onnxruntime"]
    if device == "auto" and find_spec("tensorrt") is not None:
        return ["tensorrt", "torch", "openvino", "onnxruntime"]
    if device == "auto" and _sees_cuda():
        return ["torch", "openvino", "onnxruntime"]
    return ["openvino", "onnxruntime", "torch"]


def _sees_cuda() -> bool:
    # Importing torch takes a second and 300 MB, so not where there is no NVIDIA device at all.
    if find_spec("torch") is None or not any(Path(node).exists() for node in NVIDIA_DEVICES):
        return False
    import torch

    return torch.cuda.is_available()


def _obstacle(backend: str, files: ModelFiles) -> str | None:
    """Why a backend cannot run these files here, or None when it can."""
    for package in PACKAGES[backend]:
        if find_spec(package) is None:
            return f"the Python package '{package}' is not installed"
    if backend == "torch" and files.checkpoint is None:
        return "it needs the .pt file, and only the .onnx file is there"
    if backend != "torch" and files.exported is None:
        return f"it needs the exported form; make it: jetseg export --checkpoint {files.checkpoint}"
    return None


def _explain(runtime: Runtime, asked: list[str], obstacles: list[str]) -> str:
    what = f"{runtime.backend} on {runtime.device} in {runtime.precision}"
    if runtime.degraded:
        return f"{what} instead of {asked[0]} ({'; '.join(obstacles)})"
    if asked:
        return f"{what}, as asked"
    return f"{what}, the fastest available" + (f" ({'; '.join(obstacles)})" if obstacles else "")
