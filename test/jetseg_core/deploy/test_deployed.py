"""The deployed form is the trained network, only faster."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from jetseg_core.classes import UNLABELLED
from jetseg_core.data.data_set import DataSet
from jetseg_core.deploy.deployed import DeployedTanhExp, deploy
from jetseg_core.deploy.labelling import Labelling
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.jet_conv import CDDConv
from jetseg_core.network.jetseg import JetSeg, normalise
from jetseg_core.network.kernels import depthwise_kernel
from jetseg_core.network.layers import TanhExp
from jetseg_core.network.model_config import (
    COMBINATIONS,
    PAPER_FORM,
    Activation,
    EncoderForm,
    ModelConfig,
)
from jetseg_core.runtime.model_files import find_model

CONFIGURATIONS = [*product(("nano", "agx", "workstation"), range(6)), ("nano_wide", 6)]
"""Presets and kernel combinations: the authors', and ours."""
SIZES = ((512, 512), (360, 480), (97, 131))


def trained_like(config: ModelConfig) -> JetSeg:
    """A random network whose batch norms do something, as those of a trained one."""
    torch.manual_seed(0)
    model = JetSeg(config).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return model


def assert_equal(model: JetSeg, size: tuple[int, int]) -> None:
    """The same labels but for ties, and the same confidence but for rounding."""
    images = torch.randint(0, 256, (1, *size, 3), dtype=torch.uint8)
    with torch.inference_mode():
        logits = model(normalise(images))
        labels, confidence = deploy(model)(images)
    assert labels.shape == confidence.shape == (1, *size)
    assert labels.dtype == confidence.dtype == torch.uint8
    lost = logits.amax(1) - logits.gather(1, labels.long().unsqueeze(1))[:, 0]
    assert float(lost.max()) <= 1e-4 * float(logits.abs().max())
    assert (labels == logits.argmax(1)).float().mean() >= 0.999
    expected = (255 * logits.softmax(1).amax(1)).round().int()
    assert (confidence.int() - expected).abs().max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("decoder", "encoder"), [("paper", "paper"), ("fast", "refined")])
@pytest.mark.parametrize(("preset", "combination"), CONFIGURATIONS)
def test_every_configuration_is_the_same_function(
    preset: str, combination: int, decoder: str, encoder: EncoderForm
) -> None:
    config = replace(
        PAPER_FORM, preset=preset, combination=combination, decoder=decoder, encoder=encoder
    )
    model = trained_like(config)
    for size in SIZES:
        assert_equal(model, size)


@pytest.mark.parametrize("size", [*SIZES, (98, 133), (67, 65)])
def test_labels_at_half_the_size_are_doubled(size: tuple[int, int]) -> None:
    config = ModelConfig(preset="nano_wide", combination=6, decoder="stride4")
    assert_equal(trained_like(config), size)


@pytest.mark.parametrize("activation", ["tanhexp", "hardswish"])
def test_the_paper_s_text_deploys_too(activation: Activation) -> None:
    config = replace(
        PAPER_FORM,
        activation=activation,
        attention=("none", "eca", "cbam"),
        residual_blocks=(2, 3, 2, 1),
    )
    assert_equal(trained_like(config), (97, 131))


def test_tanhexp_s_deployed_form_is_it_and_never_overflows() -> None:
    x = torch.cat((torch.linspace(-30, 30, 6001), torch.tensor([-1e4, 100.0, 1e4])))
    expected = TanhExp()(x.double()).float()
    torch.testing.assert_close(DeployedTanhExp()(x), expected, rtol=1e-6, atol=4e-6)


def test_nothing_of_the_model_is_changed() -> None:
    model = trained_like(replace(PAPER_FORM, decoder="fast")).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    deploy(model)
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_no_norm_and_no_shuffle_is_left_in_nano() -> None:
    deployed = deploy(trained_like(replace(PAPER_FORM, decoder="fast")))
    kinds = {type(module).__name__ for module in deployed.modules()}
    assert not kinds & {"BatchNorm2d", "ChannelShuffle", "GPConv", "JetConv"}


@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize("size", [(16, 24), (7, 11), (2, 1)])
def test_labels_are_those_of_the_doubled_scores(size: tuple[int, int], stride: int) -> None:
    coarse = tuple((side + stride - 1) // stride for side in size)
    scores = torch.randn(2, 5, *coarse, generator=torch.Generator().manual_seed(0))
    labels, confidence = Labelling(5, stride)(scores, size)
    fine = nn.functional.interpolate(scores, scale_factor=2, mode="bilinear")
    if stride == 4:
        fine = fine.repeat_interleave(2, 2).repeat_interleave(2, 3)
    # Scores of a size that the stride does not divide cover more than the frame.
    fine = fine[..., : size[0], : size[1]]
    assert torch.equal(labels, fine.argmax(1).to(torch.uint8))
    expected = (255 * fine.softmax(1).amax(1)).round()
    assert (confidence - expected).abs().max() <= 1


@pytest.mark.parametrize("combination", range(len(COMBINATIONS)))
def test_training_computes_the_same_function(combination: int) -> None:
    # Training takes dense and zero-filled kernels where those are faster; with norms fixed, nothing may differ.
    model = trained_like(replace(PAPER_FORM, combination=combination))
    x = torch.randn(2, 3, 97, 131)
    expected = model(x)
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    torch.testing.assert_close(model(x), expected, rtol=1e-4, atol=1e-4)


def test_a_pair_behind_which_a_square_sees_the_border_is_not_merged() -> None:
    from jetseg_core.network.model_config import CDDC

    assert depthwise_kernel(CDDConv(2, CDDC(7, 3))) is None
    merged = depthwise_kernel(CDDConv(2, CDDC(7, 1)))
    assert merged is not None
    assert merged[0].shape == (2, 7, 7)
    assert merged[1] == 3


def test_labels_on_camvid_val_agree(camvid: Path) -> None:
    path = find_model("nano_camvid11").checkpoint
    assert path is not None
    checkpoint = load_checkpoint(path)
    model = checkpoint.build()
    deployed = deploy(model)
    same = counted = 0
    for image, truth in list(DataSet(str(camvid), "val", checkpoint.classes))[::10]:
        images = torch.from_numpy(image)[None]
        with torch.inference_mode():
            expected = model(normalise(images)).argmax(1)[0].numpy()
            labels = deployed(images)[0][0].numpy()
        seen = truth != UNLABELLED
        same += int(np.count_nonzero((labels == expected)[seen]))
        counted += int(np.count_nonzero(seen))
    assert same / counted >= 0.999
