"""ROS 2's packages, this package's messages and executables."""

from __future__ import annotations

import importlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from jetseg_core.doctor import Finding

_SOURCE = "source ROS 2's setup file, or enter the environment: . .venv/bin/activate"
_BUILD = "run `make setup` (or colcon build), then source install/setup.bash"
NEEDED = {
    "rclpy": _SOURCE,
    "sensor_msgs.msg": _SOURCE,
    "diagnostic_msgs.msg": _SOURCE,
    "jetseg.msg": _BUILD,
}
OPTIONAL = {
    "vision_msgs": "no segmentation/label_info; install ros-$ROS_DISTRO-vision-msgs if a consumer wants it",
    "launch_ros": "no launch files; install ros-$ROS_DISTRO-launch-ros, or start jetseg-node itself",
    "ros2bag": "no replay.launch.py; install ros-$ROS_DISTRO-ros2bag",
}


def examine_installation(environment: Mapping[str, str]) -> Iterator[Finding]:
    """The packages, cv_bridge beside this NumPy, and the executables' interpreter."""
    distribution = environment.get("ROS_DISTRO")
    yield Finding("ros 2", "ok", distribution or "from wheels: no distribution is sourced")
    for module, mend in NEEDED.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # a shared library that is missing, too
            yield Finding(module, "fail", f"cannot be imported ({error})", mend)
        else:
            yield Finding(module, "ok", "found")
    for module, loss in OPTIONAL.items():
        there = find_spec(module) is not None
        yield Finding(module, "ok", "found") if there else Finding(module, "warn", "absent", loss)
    yield examine_cv_bridge()
    yield from examine_executables(executables(environment))


def examine_cv_bridge() -> Finding:
    """Whether cv_bridge loads beside this NumPy: JetSeg does without it, other nodes may not."""
    version = f"NumPy {np.__version__}"
    if find_spec("cv_bridge") is None:
        return Finding("cv_bridge", "ok", f"absent, and not used; {version}")
    # In a process of its own: a module compiled for another NumPy may end it. The pure Python one
    # has no such module, and loads.
    code = "import cv_bridge; from cv_bridge.core import CvBridge; CvBridge().encoding_to_cvtype2('rgb8')"
    tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if tried.returncode:
        return Finding(
            "cv_bridge",
            "warn",
            f"does not load beside {version}",
            "JetSeg does not use it; for nodes that do: pip install 'numpy<2'",
        )
    return Finding("cv_bridge", "ok", f"loads beside {version}")


def executables(environment: Mapping[str, str]) -> list[Path]:
    """What ``ros2 run jetseg`` and the command line would start."""
    prefixes = environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    folders = [Path(prefix) / "lib" / "jetseg" for prefix in prefixes if prefix]
    found = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    script = shutil.which("jetseg-node", path=environment.get("PATH"))
    return [file for file in found if file.is_file()] + ([Path(script)] if script else [])


def examine_executables(files: list[Path]) -> Iterator[Finding]:
    """Whether they start with the Python that has what they import.

    Args:
        files: scripts; only the first of each interpreter is told.
    """
    told = set()
    for file in files:
        path = _interpreter(file)
        if path is not None and path not in told:
            told.add(path)
            yield _examine_interpreter(file, path)


def _interpreter(file: Path) -> str | None:
    """What starts a script: named in its first line or, where that is sh, in the second; None for no script."""
    with file.open(encoding="utf-8", errors="replace") as script:
        first, second = script.readline(), script.readline()
    if second.startswith("'''exec' "):
        return shlex.split(second)[1]
    command = first.removeprefix("#!").split()
    if not first.startswith("#!") or not command:
        return None
    if Path(command[0]).name == "env":
        return shutil.which(command[-1]) or command[-1]
    return command[0]


def _examine_interpreter(file: Path, path: str) -> Finding:
    name, found = "executables", f"{file} starts with {path}"
    if not Path(path).is_file():
        return Finding(name, "fail", f"{found}, which is not there", _BUILD)
    if Path(path).parent.resolve() == Path(sys.executable).parent.resolve():
        return Finding(name, "ok", found)
    tried = subprocess.run(
        [path, "-c", "import cv2, numpy, jetseg_core"], capture_output=True, text=True
    )
    if tried.returncode:
        reason = (tried.stderr.strip().splitlines() or ["it ends without a word"])[-1]
        return Finding(
            name,
            "fail",
            f"{found}, not with {sys.executable}, and that one lacks something ({reason})",
            "build again with this environment active, so that the executables start with its Python",
        )
    return Finding(name, "ok", f"{found}; not {sys.executable}, but it has all that is imported")
