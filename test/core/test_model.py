"""The network: shapes, gradients, and counts by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from jetseg_core.complexity import count_complexity
from jetseg_core.config import COMBINATIONS, PRESETS, ModelConfig
from jetseg_core.errors import JetSegError
from jetseg_core.models import JetSeg

CONFIGURATIONS = [(preset, index) for preset in PRESETS for index in range(len(COMBINATIONS))]


@pytest.mark.parametrize(("preset", "combination"), CONFIGURATIONS)
def test_every_configuration_maps_any_size_and_trains_every_parameter(
    preset: str, combination: int
) -> None:
    torch.manual_seed(0)
    model = JetSeg(ModelConfig(preset, combination, num_classes=5))
    images = torch.randn(2, 3, 65, 99).to(memory_format=torch.channels_last)
    logits = model(images)
    assert logits.shape == (2, 5, 65, 99)
    F.cross_entropy(logits, torch.randint(0, 5, (2, 65, 99))).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, f"{name} gets no gradient: a dead branch"


@pytest.mark.parametrize("size", [(64, 64), (97, 131), (360, 480)])
def test_evaluation_is_deterministic_and_does_not_depend_on_the_batch(
    size: tuple[int, int],
) -> None:
    torch.manual_seed(0)
    model = JetSeg(ModelConfig()).eval()
    images = torch.randn(2, 3, *size)
    with torch.inference_mode():
        together = model(images)
        torch.testing.assert_close(model(images), together, rtol=0, atol=0)
        torch.testing.assert_close(model(images[1:]), together[1:], rtol=1e-4, atol=1e-4)


def test_one_step_on_a_fixed_batch_lowers_the_loss() -> None:
    torch.manual_seed(0)
    model = JetSeg(ModelConfig())
    images, labels = torch.randn(2, 3, 96, 96), torch.randint(0, 11, (2, 96, 96))
    optimiser = torch.optim.SGD(model.parameters(), 0.05)
    losses = []
    for _ in range(2):
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[1] < losses[0]


def test_nano_costs_what_the_paper_says() -> None:
    # Table 1: 0.00003 G parameters, 1.125 GFLOPs by Eq. 2, at 512x512 with 32 classes.
    counts = count_complexity(JetSeg(ModelConfig("nano", 0, 32)), (512, 512))
    assert 25_000 <= counts.parameters <= 35_000
    assert 1.07e9 <= counts.eq2_flops <= 1.18e9
    assert counts.flops == 2 * counts.macs


def test_counts_of_the_input_block_are_those_found_by_hand() -> None:
    # S0 of C0 on 64x64: per pixel and channel 7 + 7 + 1, 5 + 5 + 1 and 3 * 3 taps on 3 channels, then
    # 9 x 8 pointwise weights on a quarter of the pixels; batch norm and activation on 8 x 32 x 32.
    block = JetSeg(ModelConfig()).encoder.s0
    assert sum(p.numel() for p in block.parameters()) == (15 + 11 + 9) * 3 + 9 * 8 + 2 * 8
    counts = count_complexity(block, (64, 64))  # type: ignore[arg-type]
    assert counts.macs == 64 * 64 * 35 * 3 + 32 * 32 * 72
    assert counts.eq2 == {"conv": counts.macs, "pool": 0, "bn": 4 * 8 * 32 * 32, "act": 8 * 32 * 32}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "micro"}, "preset: 'micro' is not one of nano, agx, workstation"),
        ({"combination": 6}, "combination: 6 is not one of 0 to 5"),
        ({"num_classes": 0}, "num_classes: 0 is not one of 1 to 255"),
        ({"activation": "relu6"}, "activation: 'relu6' is not one of reu, tanhexp"),
    ],
)
def test_a_wrong_configuration_names_field_value_and_choices(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(JetSegError, match=message):
        ModelConfig.from_dict(values)
