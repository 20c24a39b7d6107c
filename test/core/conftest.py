"""What the core's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from jetseg_core.checkpoint import save_checkpoint
from jetseg_core.classes import CAMVID11
from jetseg_core.config import ModelConfig
from jetseg_core.data.street_scene import StreetScene
from jetseg_core.deploy.export import export_onnx
from jetseg_core.models import JetSeg


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
    """The path of a checkpoint of random weights; its exported form lies beside it."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "random.pt"
    save_checkpoint(path, JetSeg(ModelConfig()), CAMVID11, {"data": "none: random weights"})
    export_onnx(path)
    return path


@pytest.fixture(scope="session")
def street() -> tuple[np.ndarray, np.ndarray]:
    """One frame of the generated street, 480x360, and its labels."""
    return StreetScene(seed=3).render(40)
