"""Common parts of the core's tests."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import settings

from jetseg_core.classes import CAMVID11
from jetseg_core.deploy.onnx_export import export_onnx
from jetseg_core.network.checkpoint import save_checkpoint
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.street import StreetScene

# A property is right or wrong, however busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def camvid() -> Path:
    """CamVid's root folder; what needs it is skipped where it is absent."""
    root = Path(os.environ.get("JETSEG_CAMVID") or "nowhere")
    if not (root / "val").is_dir():
        pytest.skip(
            f"no CamVid at JETSEG_CAMVID='{root}': set it to a folder with val and valannot"
        )
    return root


@pytest.fixture(scope="session")
def exported_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a checkpoint of random weights; its exported form lies beside it.

    The first test process that asks for it makes it for all, since an export takes long.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exported_pair"
    folder.mkdir(exist_ok=True)
    path = folder / "random.pt"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.with_suffix(".onnx").is_file():
            torch.manual_seed(0)
            save_checkpoint(path, JetSeg(ModelConfig()), CAMVID11, {"data": "none: random weights"})
            export_onnx(path)
    return path


@pytest.fixture(scope="session")
def street() -> tuple[np.ndarray, np.ndarray]:
    """One frame of the generated street, 480x360, and its labels."""
    return StreetScene(seed=3).render(40)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six generated frames in CamVid's layout, as train and as val."""
    root = tmp_path_factory.mktemp("data")
    scene = StreetScene(seed=1, size=(96, 128))
    for split in ("train", "val"):
        (root / split).mkdir()
        (root / f"{split}annot").mkdir()
        for index in range(6):
            image, labels = scene.render(10 * index)
            image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(root / split / f"{index}.png"), image)
            cv2.imwrite(str(root / f"{split}annot" / f"{index}.png"), labels)
    return root


def _load(file: str) -> ModuleType:
    """A module of this folder that is no test."""
    path = Path(__file__).parent / file
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tensorrt_reader() -> ModuleType:
    """The module that reads graphs as TensorRT's parser does."""
    return _load("deploy/tensorrt_reader.py")


@pytest.fixture(scope="session")
def tensorrt_stand_ins() -> ModuleType:
    """The module of stand-ins for NVIDIA's modules."""
    return _load("runtime/tensorrt_stand_ins.py")


@pytest.fixture
def make_gpu(
    tensorrt_stand_ins: ModuleType, tensorrt_reader: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Any]:
    """Puts stand-ins of a version of TensorRT and one of cuda-python in the place of the modules."""

    def make(version: str, package: str) -> Any:
        return tensorrt_stand_ins.install(version, package, tensorrt_reader, monkeypatch)

    return make
