"""The command `jetseg-doctor`, and the checks of ROS 2's packages, the built messages and the executables."""

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

from jetseg_core.cli.doctor import doctor_command
from jetseg_core.doctor import Finding
from jetseg_ros.node.image_input import working_cv_bridge

SOURCE = "source ROS 2's setup file, or enter the environment: . .venv/bin/activate"
BUILD = "run `make setup` (or colcon build), then source install/setup.bash"
NEEDED = {
    "rclpy": SOURCE,
    "sensor_msgs.msg": SOURCE,
    "diagnostic_msgs.msg": SOURCE,
    "jetseg.msg": BUILD,
}
OPTIONAL = {
    "vision_msgs": "no segmentation/label_info; install ros-$ROS_DISTRO-vision-msgs if a consumer wants it",
    "launch_ros": "no launch files; install ros-$ROS_DISTRO-launch-ros, or start jetseg-node itself",
    "ros2bag": "no replay.launch.py; install ros-$ROS_DISTRO-ros2bag",
}


def main(args: list[str] | None = None) -> int:
    """Run `jetseg doctor` with the checks of ROS 2; return the exit status, 1 if anything needed fails."""
    return doctor_command("jetseg-doctor", {"ros": examine_ros}, args)


def examine_ros_if_present(checkpoint: str) -> Iterator[Finding]:
    """Run `examine_ros` if ROS 2 is found; `jetseg doctor` also runs on machines without it."""
    if find_spec("rclpy") is None:
        yield Finding("ros 2", "ok", f"not found, and only the node needs it; for that: {SOURCE}")
    else:
        yield from examine_ros(checkpoint)


def examine_ros(checkpoint: str) -> Iterator[Finding]:
    """Check the installation, then the middleware.

    Args:
        checkpoint: not used.
    """
    works = True
    for finding in examine_installation(os.environ):
        works = works and finding.state != "fail"
        yield finding
    try:
        from jetseg_ros.doctor.middleware import examine_environment, examine_exchange
    except ImportError:  # reported above
        return
    yield from examine_environment(os.environ)
    if works:
        yield examine_exchange()


def examine_installation(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Check the packages, cv_bridge beside this NumPy, and the executables' interpreter."""
    distribution = environment.get("ROS_DISTRO")
    yield Finding("ros 2", "ok", distribution or "from wheels: no distribution is sourced")
    for module, advice in NEEDED.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # a missing shared library raises anything
            yield Finding(module, "fail", f"cannot be imported ({error})", advice)
        else:
            yield Finding(module, "ok", "found")
    for module, loss in OPTIONAL.items():
        there = find_spec(module) is not None
        yield Finding(module, "ok", "found") if there else Finding(module, "warn", "absent", loss)
    yield examine_cv_bridge()
    yield from examine_executables(executables(environment))


def examine_cv_bridge() -> Finding:
    """Check that cv_bridge loads beside this NumPy. JetSeg leaves rare encodings to it, where it does."""
    version = f"NumPy {np.__version__}"
    if find_spec("cv_bridge") is None:
        return Finding("cv_bridge", "ok", f"absent; only rare encodings would need it; {version}")
    if working_cv_bridge() is None:
        return Finding(
            "cv_bridge",
            "warn",
            f"does not load beside {version}",
            "JetSeg does without it, except for rare encodings; to make it load: pip install 'numpy<2'",
        )
    return Finding("cv_bridge", "ok", f"loads beside {version}; converts rare encodings")


def executables(environment: Mapping[str, str]) -> list[Path]:
    """The files that ``ros2 run jetseg`` and the command line would start."""
    prefixes = environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    folders = [Path(prefix) / "lib" / "jetseg" for prefix in prefixes if prefix]
    found = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    script = shutil.which("jetseg-node", path=environment.get("PATH"))
    return [file for file in found if file.is_file()] + ([Path(script)] if script else [])


def examine_executables(files: list[Path]) -> Iterator[Finding]:
    """Check that the executables start with a Python that has the packages they import.

    Args:
        files: scripts; only the first of each interpreter is reported.
    """
    seen = set()
    for file in files:
        path = _interpreter(file)
        if path is not None and path not in seen:
            seen.add(path)
            yield _examine_interpreter(file, path)


def _interpreter(file: Path) -> str | None:
    """The interpreter in the first line of a script or, if that is sh, in the second; None if it is no script."""
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
        return Finding(name, "fail", f"{found}, which is not there", BUILD)
    if Path(path).parent.resolve() == Path(sys.executable).parent.resolve():
        return Finding(name, "ok", found)
    tried = subprocess.run(
        [path, "-c", "import cv2, numpy, jetseg_core"], capture_output=True, text=True
    )
    if tried.returncode:
        reason = (tried.stderr.strip().splitlines() or ["it prints nothing"])[-1]
        return Finding(
            name,
            "fail",
            f"{found}, not with {sys.executable}, and it lacks a package ({reason})",
            "build again with this environment active, so that the executables start with its Python",
        )
    return Finding(name, "ok", f"{found}; not {sys.executable}, but it has all packages")


if __name__ == "__main__":
    sys.exit(main())
