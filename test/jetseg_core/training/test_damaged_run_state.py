"""``last.pt`` that was cut or tampered with: one line, and no run without an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from jetseg_core.errors import JetSegError
from jetseg_core.training.fit import train
from jetseg_core.training.train_config import TrainConfig


def config(data: Path, out: Path) -> TrainConfig:
    return TrainConfig(
        str(data), str(out), epochs=1, batch_size=2, crop_height=64, crop_width=64, offset_pixels=0
    )


@pytest.mark.parametrize(
    "values",
    [
        None,
        7,
        {},
        {"config": 7},
        {"epoch": -(10**9)},
        {"epoch": "many"},
        {"average_updates": None},
        {"identity": 7},
        {"model": {}},
        {"optimiser": [1]},
        {"schedule": "none"},
    ],
    ids=str,
)
def test_it_is_one_line(values: Any, small_data: Path, tmp_path: Path) -> None:
    settings = config(small_data, tmp_path)
    state: Any = {"config": settings.to_dict(), "epoch": 0, "average_updates": 0, "origin": {}}
    if values is None:
        torch.save(state, tmp_path / "last.pt")
        content = (tmp_path / "last.pt").read_bytes()
        (tmp_path / "last.pt").write_bytes(content[: len(content) // 2])
    else:
        state = values if not values or values == 7 else state | values
        torch.save(state, tmp_path / "last.pt")
    with pytest.raises(
        JetSegError, match=r"last\.pt' is damaged, or not the state of a run"
    ) as why:
        train(settings, resume=True)
    assert "\n" not in str(why.value) and len(str(why.value)) < 500
