"""The temperature makes confidence fit, and leaves the labels alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from jetseg_core.cli.main import main
from jetseg_core.data.image_files import read_image
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.jetseg import IMAGE_MEAN, IMAGE_STD, normalise
from jetseg_core.training.temperature import calibrate, fit_temperature


class _Boastful(nn.Module):
    """Gives class 1 the log odds that the red channel says, times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        red = x[:, 0] * IMAGE_STD[0] + IMAGE_MEAN[0]
        return torch.stack((torch.zeros_like(red), self.factor * (red - 100) / 20), 1)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_the_factor_of_a_boast_is_found(factor: float) -> None:
    rng = np.random.default_rng(0)
    red = rng.integers(40, 160, (200, 200))
    truth = (rng.random(red.shape) < 1 / (1 + np.exp(-(red - 100) / 20))).astype(np.uint8)
    image = np.repeat(red[..., None], 3, 2).astype(np.uint8)
    found = fit_temperature(_Boastful(factor), [(image, truth)], 2, 40_000)
    assert found == pytest.approx(factor, rel=0.05)
    with pytest.raises(JetSegError, match="no pixel of the frames is labelled"):
        fit_temperature(_Boastful(factor), [(image, np.full_like(truth, 255))], 2)


@pytest.fixture
def nearly_right(small_data: Path, exported_pair: Path, tmp_path: Path) -> Path:
    """Frames whose labels are the untrained network's own in three of four pixels."""
    root = tmp_path / "data"
    shutil.copytree(small_data, root)
    model, rng = load_checkpoint(exported_pair).build(), np.random.default_rng(0)
    for file in (root / "val").iterdir():
        image = torch.from_numpy(read_image(file))[None]
        with torch.inference_mode():
            labels = model(normalise(image))[0].argmax(0).numpy().astype(np.uint8)
        wrong = rng.random(labels.shape) < 0.25
        labels[wrong] = rng.integers(0, 11, int(wrong.sum()), np.uint8)
        cv2.imwrite(str(root / "valannot" / file.name), labels)
    return root


def test_a_calibrated_checkpoint_gives_the_same_labels_less_surely(
    nearly_right: Path, exported_pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "calibrated.pt"
    given = ["calibrate", "--checkpoint", str(exported_pair), "--data", str(nearly_right)]
    main([*given, "--out", str(out), "--only", "0,1"])
    assert "calibrated.pt: temperature " in capsys.readouterr().out
    before, after = load_checkpoint(exported_pair), load_checkpoint(out)
    temperature = after.provenance["temperature"]
    assert isinstance(temperature, float) and temperature != 1
    assert after.provenance["temperature_fitted_on"] == "2 frames of val, names from 0, 1"
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        plain, divided = before.build()(images), after.build()(images)
    torch.testing.assert_close(divided, plain / temperature, rtol=1e-3, atol=1e-4)
    assert torch.equal(divided.argmax(1), plain.argmax(1))
    # Calibrated again, there is nothing left to do, and the whole temperature stays on record.
    assert calibrate(out, tmp_path / "again.pt", nearly_right, "val", ["0", "1"]) == pytest.approx(
        1, rel=0.02
    )
    again = load_checkpoint(tmp_path / "again.pt").provenance["temperature"]
    assert again == pytest.approx(temperature, rel=0.02)


def test_frames_that_are_not_there_are_named(
    small_data: Path, exported_pair: Path, tmp_path: Path
) -> None:
    with pytest.raises(JetSegError, match="no frame of val whose name begins with x; the first"):
        calibrate(exported_pair, tmp_path / "out.pt", small_data, "val", ["x"])
    with pytest.raises(JetSegError, match="which is read"):
        calibrate(exported_pair, exported_pair, small_data)
