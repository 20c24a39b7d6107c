"""The shifts of the logits that a run ends with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.jetseg import IMAGE_MEAN, IMAGE_STD
from jetseg_core.training.fit import train
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.validate import fit_logit_offsets


class _Biased(nn.Module):
    """Reads the label off the red channel, unsurely, and prefers class 0 by 1.5."""

    def forward(self, x: Tensor) -> Tensor:
        red = x[:, 0] * IMAGE_STD[0] + IMAGE_MEAN[0]
        return torch.stack((torch.full_like(red, 1.5), (red - 100) / 10), 1)


def test_a_preference_that_costs_iou_is_taken_back() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((64, 64)) < 0.2).astype(np.uint8)
    image = np.repeat((100 + 10 * labels + rng.normal(0, 2, labels.shape))[..., None], 3, 2)
    frames = [(image.round().astype(np.uint8), np.where(rng.random((64, 64)) < 0.1, 255, labels))]
    offsets = fit_logit_offsets(_Biased(), frames, 2, 4096, torch.device("cpu"))
    assert abs(float(offsets.mean())) < 1e-6
    # Class 0 scores 1.5, class 1 scores 0 where it is not and 1 where it is: the border lies at 0.5.
    assert 0.7 < float(offsets[1] - offsets[0]) < 1.3


def test_a_run_ends_with_them_once(small_data: Path, tmp_path: Path) -> None:
    config = TrainConfig(
        data=str(small_data), out=str(tmp_path), epochs=1, batch_size=4, crop_height=64, crop_width=64,
        validate_every=1,
    )  # fmt: skip
    best = train(config)
    shifted = load_checkpoint(best)
    assert len(shifted.provenance["logit_offsets"]) == len(shifted.classes)  # type: ignore[arg-type]
    assert "val_miou_before_offsets" in shifted.provenance
    train(config, resume=True)
    again = load_checkpoint(best)
    assert again.provenance == shifted.provenance
    bias = "decoder.classifier.bias"
    assert torch.equal(again.state_dict[bias], shifted.state_dict[bias])


def test_they_can_be_left_out(small_data: Path, tmp_path: Path) -> None:
    config = TrainConfig(
        data=str(small_data), out=str(tmp_path), epochs=1, batch_size=4, crop_height=64, crop_width=64,
        validate_every=1, offset_pixels=0,
    )  # fmt: skip
    assert "logit_offsets" not in load_checkpoint(train(config)).provenance
