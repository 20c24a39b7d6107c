"""Which backend runs: the one asked for, or the best that this machine has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.util import find_spec

from jetseg_core.errors import JetSegError
from jetseg_core.model_files import ModelFiles, find_model
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.settings import RuntimeSettings


def create_runtime(settings: RuntimeSettings) -> Runtime:
    """Load a model into the backend asked for.

    With ``backend: auto`` that is torch where it sees a CUDA device, else openvino, else torch.

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
    order = [*asked, *(name for name in _by_speed(settings.device) if name not in asked)]
    obstacles: list[str] = []
    for name in order:
        obstacle = _obstacle(name, files)
        if obstacle is None:
            runtime = BACKENDS[name](files, settings)
            runtime.resize = settings.resize
            runtime.degraded = bool(asked) and name not in asked
            runtime.selection = _explain(runtime, asked, obstacles)
            return runtime
        obstacles.append(f"{name}: {obstacle}")
        if name in asked and settings.strict_backend:
            break
    raise JetSegError(f"no backend can run '{settings.checkpoint}': {'; '.join(obstacles)}")


def _openvino(files: ModelFiles, settings: RuntimeSettings) -> Runtime:
    from jetseg_core.runtime.openvino_backend import OpenVinoRuntime

    assert files.exported is not None
    runtime = OpenVinoRuntime(files.exported, settings)
    if files.checkpoint is not None:
        found = hashlib.sha256(files.checkpoint.read_bytes()).hexdigest()
        if found != runtime.description.sha256:
            raise JetSegError(
                f"'{files.exported}' was exported from another checkpoint than '{files.checkpoint}' is "
                f"now; make it anew: jetseg export --checkpoint {files.checkpoint}"
            )
    return runtime


def _torch(files: ModelFiles, settings: RuntimeSettings) -> Runtime:
    from jetseg_core.runtime.torch_backend import TorchRuntime

    assert files.checkpoint is not None
    return TorchRuntime(files.checkpoint, settings)


BACKENDS: dict[str, Callable[[ModelFiles, RuntimeSettings], Runtime]] = {
    "torch": _torch,
    "openvino": _openvino,
}
"""Every backend by name; importing one does not need the others."""


def _by_speed(device: str) -> list[str]:
    """Backends, fastest first, for the device asked for."""
    if device == "cuda" or (device == "auto" and _sees_cuda()):
        return ["torch"]
    return ["openvino", "torch"]


def _sees_cuda() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _obstacle(backend: str, files: ModelFiles) -> str | None:
    """Why a backend cannot run these files here, or None when it can."""
    if find_spec(backend) is None:
        return f"the Python package '{backend}' is not installed"
    if backend == "torch" and files.checkpoint is None:
        return "it needs the .pt file, and only the .onnx file is there"
    if backend == "openvino" and files.exported is None:
        return f"it needs the exported form; make it: jetseg export --checkpoint {files.checkpoint}"
    return None


def _explain(runtime: Runtime, asked: list[str], obstacles: list[str]) -> str:
    what = f"{runtime.backend} on {runtime.device} in {runtime.precision}"
    if runtime.degraded:
        return f"{what} instead of {asked[0]} ({'; '.join(obstacles)})"
    if asked:
        return f"{what}, as asked"
    return f"{what}, the fastest available" + (f" ({'; '.join(obstacles)})" if obstacles else "")
