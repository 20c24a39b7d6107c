"""The Python packages that JetSeg uses, by what is lost without each."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator

from jetseg_core.doctor.finding import Finding, State

NEEDED = {"numpy": "numpy", "cv2": "opencv-python-headless", "yaml": "pyyaml", "tqdm": "tqdm"}
"""Modules that nothing runs without, and the packages that bring them."""
OPTIONAL = {
    "rosbags": "recordings (rosbag2) cannot be read; pip install -r requirements/base.txt",
    "torch": "no training and no export; pip install -r requirements/torch.txt, or on a Jetson NVIDIA's build",
}
"""Modules that some commands run without, and what is lost."""


def examine_software() -> Iterator[Finding]:
    """Python's version, and each package."""
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


def _import(module: str, state: State, mend: str) -> Finding:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return Finding(module, state, "not installed", mend)
    except Exception as error:  # a library that is missing under it raises whatever it likes
        return Finding(module, state, f"installed, but cannot be imported ({error})", mend)
    return Finding(module, "ok", str(getattr(found, "__version__", "installed")))
