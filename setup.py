"""Installs jetseg_core and jetseg_ros with pip; colcon builds the ROS package from CMakeLists.txt."""

from __future__ import annotations

import re
from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def names(requirements: str) -> list[str]:
    """Package names of a file in requirements/, where the versions that are tested stand."""
    lines = (ROOT / "requirements" / requirements).read_text(encoding="utf-8").splitlines()
    return [match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line))]


setup(
    name="jetseg",
    version="0.1.0",
    description="Real-time semantic segmentation of road scenes, with a ROS 2 node",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["jetseg_core*", "jetseg_ros*"]),
    data_files=[
        (f"share/jetseg/{folder}", glob(f"{folder}/*")) for folder in ("config", "models", "msg")
    ],
    package_data={
        "jetseg_core.classes": ["sets/*.csv", "maps/*.yaml"],
        "jetseg_core.data": ["splits/*.txt"],
        "jetseg_core.replay.report": ["templates/*"],
    },
    install_requires=names("base.txt"),
    extras_require={
        "train": names("torch.txt") + names("train.txt"),
        "dev": names("dev.txt"),
        # A backend beside those of base.txt, for CPUs and GPUs that those do not know.
        "onnxruntime": ["onnxruntime"],
        # `jetseg replay --ray`: many recordings on the machines of a cluster.
        "ray": ["ray"],
        # The Jetson's backend; JetPack brings tensorrt itself, and its driver limits cuda-python: docs/jetson.md.
        "tensorrt": ["cuda-python", "onnx"],
    },
    entry_points={
        "console_scripts": [
            "jetseg = jetseg_core.cli.main:main",
            "jetseg-node = jetseg_ros.node.segmentation_node:main",
            "jetseg-camera = jetseg_ros.camera.camera_node:main",
            "jetseg-one-process = jetseg_ros.camera.one_process:main",
            "jetseg-ground = jetseg_ros.ground.ground_node:main",
            "jetseg-bench-node = jetseg_ros.bench.bench_node_command:main",
            "jetseg-doctor = jetseg_ros.doctor.ros_checks:main",
            "jetseg-play-bag = jetseg_ros.play_bag:main",
            "jetseg-demo = jetseg_ros.demo:main",
            "jetseg-replay = jetseg_core.cli.replay:main",
        ],
        # Further checks of `jetseg doctor`; each takes the checkpoint to try and yields findings.
        "jetseg.doctor_checks": ["ros = jetseg_ros.doctor.ros_checks:examine_ros_if_present"],
    },
)
