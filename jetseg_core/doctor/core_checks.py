"""The checks that need no ROS: Python's packages, the machine, and the model on every backend."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jetseg_core.doctor.finding import Finding, State
from jetseg_core.errors import JetSegError
from jetseg_core.jetson import has_nvidia_device, jetson_release, power_rails, temperatures

if TYPE_CHECKING:
    from jetseg_core.runtime import Runtime
    from jetseg_core.sources import Frame

NEEDED = {
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "simplejpeg": "simplejpeg",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "tqdm": "tqdm",
}
"""Required modules, and the packages that bring them."""
OPTIONAL = {
    "rosbags": "recordings (rosbag2) cannot be read; pip install -r requirements/base.txt",
    "torch": "no training and no export; pip install -r requirements/torch.txt, or on a Jetson NVIDIA's build",
}
"""Modules that some commands need, and the functions that are lost without them."""
LEAST_AGREEMENT = 0.5
"""Least share of a generated street that must be right; an untrained or broken model is far below."""
_ADVICE = "name another checkpoint, or install what it says is missing"


def examine_core(checkpoint: str) -> Iterator[Finding]:
    """Check the packages, then the machine and inference, which need them.

    Args:
        checkpoint: name of a shipped model, or path of a .pt or .onnx file.
    """
    packages = list(examine_packages())
    yield from packages
    if all(finding.state != "fail" for finding in packages):
        yield from examine_machine()
        yield from examine_tensorrt(checkpoint)
        yield from examine_inference(checkpoint)


def examine_packages() -> Iterator[Finding]:
    """Check Python's version and each package."""
    version = ".".join(map(str, sys.version_info[:3]))
    where = f"{version} at {sys.executable}"
    if (3, 10) <= sys.version_info[:2] <= (3, 12):
        yield Finding("python", "ok", where)
    else:
        yield Finding("python", "warn", where, "tested with 3.10, 3.11 and 3.12; use one of them")
    for module, package in NEEDED.items():
        yield _import(module, "fail", f"pip install -r requirements/base.txt brings {package}")
    for module, loss in OPTIONAL.items():
        yield _import(module, "warn", loss)


def _import(module: str, state: State, advice: str) -> Finding:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return Finding(module, state, "not installed", advice)
    except Exception as error:  # a missing shared library raises anything
        return Finding(module, state, f"installed, but cannot be imported ({error})", advice)
    return Finding(module, "ok", str(getattr(found, "__version__", "installed")))


def examine_machine(root: Path = Path("/")) -> Iterator[Finding]:
    """Check the processor, CUDA, and a Jetson's sensors.

    Args:
        root: of the file system.
    """
    from jetseg_core.bench.machine import describe_processor

    yield Finding("processor", "ok", describe_processor())
    yield _examine_cuda(root)
    release = jetson_release(root)
    yield Finding("jetson", "ok", release or "this is none")
    if release is None:
        return
    rails = power_rails(root)
    if rails:
        readings = ", ".join(f"{name} {watts:.2f} W" for name, watts in rails.items())
        yield Finding("power rails", "ok", readings)
    else:
        yield Finding(
            "power rails",
            "warn",
            "none can be read, so diagnostics have no power",
            "give the container /sys, or the user the right to read /sys/bus/i2c/drivers/ina3221*",
        )
    zones = temperatures(root)
    yield Finding("temperature", "ok", ", ".join(f"{n} {t:.0f} C" for n, t in zones.items()) or "-")


def _examine_cuda(root: Path) -> Finding:
    if find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            found = f"{torch.cuda.get_device_name(0)}, torch for CUDA {torch.version.cuda}"
            return Finding("cuda", "ok", found)
    if has_nvidia_device(root):
        return Finding(
            "cuda",
            "warn",
            "an NVIDIA GPU is there, but torch does not see it",
            "install a torch built for this machine's CUDA (on a Jetson NVIDIA's own), and check "
            "nvidia-smi",
        )
    return Finding("cuda", "ok", "no NVIDIA GPU; the processor computes")


def examine_tensorrt(checkpoint: str) -> Iterator[Finding]:
    """Check TensorRT where it is installed, and whether an engine of the model is kept.

    Args:
        checkpoint: name of a shipped model, or path of a .pt or .onnx file.
    """
    from jetseg_core.runtime import RuntimeSettings
    from jetseg_core.runtime.tensorrt_backend import engine_folder

    if find_spec("tensorrt") is None:
        return
    found = _import("tensorrt", "warn", "install it as docs/jetson.md says")
    if found.state == "ok":
        note = "the backend is checked against NVIDIA's documentation of 8.5 to 11, not run on a device"
        found = replace(found, found=f"{found.found}; {note}")
    yield found
    folder, name = engine_folder(RuntimeSettings()), Path(checkpoint).stem
    if engines := list(folder.glob(f"{name}-*.engine")):
        yield Finding("engine", "ok", f"{len(engines)} of {name} in {folder}")
        return
    yield Finding(
        "engine",
        "warn",
        f"none of {name} in {folder}; the first start builds one, which takes minutes",
        f"jetseg export --checkpoint {checkpoint} --engine",
    )


def examine_inference(checkpoint: str) -> Iterator[Finding]:
    """Run the default choice of backend, then each backend, on one frame of the generated street.

    Args:
        checkpoint: name of a shipped model, or path of a .pt or .onnx file.
    """
    from jetseg_core.runtime import RuntimeSettings, create_runtime
    from jetseg_core.runtime.registry import backends
    from jetseg_core.sources import GeneratorSource

    frame = next(iter(GeneratorSource(seed=3)))
    settings = RuntimeSettings(checkpoint=checkpoint)
    try:
        runtime = create_runtime(settings)
    except Exception as error:
        yield Finding("model", "fail", f"{checkpoint} does not load ({error})", _ADVICE)
        return
    with closing(runtime):
        yield Finding("model", "ok", f"{runtime.description.name}: {runtime.selection}")
        yield _self_test("self-test", runtime, frame)
    for backend in backends():
        name = f"backend {backend}"
        chosen = replace(settings, backend=backend, strict_backend=True)
        try:
            runtime = create_runtime(chosen)
        except JetSegError as error:
            yield Finding(name, "warn", str(error), "needed only if you choose this backend")
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
            yield Finding(name, "warn", found, "do not choose it until it works")
        else:
            with closing(runtime):
                result = _self_test(name, runtime, frame)
            # Only one backend is needed.
            yield replace(result, state="warn") if result.state == "fail" else result


def _self_test(name: str, runtime: Runtime, frame: Frame) -> Finding:
    """Segment a frame of the generated street, and compare the labels with the true ones."""
    from jetseg_core.classes import CAMVID11

    running = f"{runtime.backend} on {runtime.device} in {runtime.precision}"
    try:
        runtime.segment(frame.image, confidence=True)  # the first may compile
        began = time.perf_counter()
        labels = runtime.segment(frame.image).labels
        elapsed_ms = 1e3 * (time.perf_counter() - began)
    except Exception as error:
        return Finding(name, "fail", f"{running}: {type(error).__name__}: {error}", _ADVICE)
    running = f"{running}, {elapsed_ms:.0f} ms a frame"
    if frame.labels is None or runtime.description.classes.names != CAMVID11.names:
        return Finding(name, "ok", f"{running}; classes of its own, so the labels are not checked")
    right = float((labels == frame.labels)[frame.labels < len(CAMVID11)].mean())
    seen = f"{running}, {right:.0%} of a generated street right"
    if right < LEAST_AGREEMENT:
        return Finding(
            name, "fail", seen, "the model is untrained, or this backend computes it wrongly"
        )
    return Finding(name, "ok", seen)
