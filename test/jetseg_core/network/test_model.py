"""The network, in all 19 configurations: shapes, gradients, a step of training, precision."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch.nn import functional as F

from jetseg_core.network.jet_block import JetBlock
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.layers import (
    ECA,
    REU,
    ChannelAttention,
    SpatialAttention,
    TanhExp,
)
from jetseg_core.network.model_config import (
    COMBINATIONS,
    PAPER_FORM,
    EncoderForm,
    ModelConfig,
)

every_configuration = pytest.mark.parametrize(
    ("preset", "combination"),
    [*product(("nano", "agx", "workstation"), range(6)), ("nano_wide", 6)],
)


@pytest.mark.parametrize(("decoder", "encoder"), [("paper", "paper"), ("fast", "refined")])
@every_configuration
def test_one_step_reaches_every_parameter_and_lowers_the_loss(
    preset: str, combination: int, decoder: str, encoder: EncoderForm
) -> None:
    torch.manual_seed(0)
    config = replace(
        PAPER_FORM,
        preset=preset,
        combination=combination,
        num_classes=5,
        decoder="stride4" if (preset, decoder) == ("nano_wide", "fast") else decoder,
        encoder=encoder,
    )
    model = JetSeg(config)
    images = torch.randn(2, 3, 65, 99).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 5, (2, 65, 99))
    before = F.cross_entropy(model(images), labels)
    before.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, f"{name} gets no gradient: a dead branch"
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    # A small step: an untrained network's gradient is steep, and turns within a hundredth of its length.
    torch.optim.SGD(model.parameters(), 1e-3).step()
    assert F.cross_entropy(model(images), labels) < before


@pytest.mark.parametrize("encoder", ["paper", "refined"])
def test_a_residual_block_can_begin_as_the_identity_and_still_learns(encoder: EncoderForm) -> None:
    torch.manual_seed(0)
    branches = COMBINATIONS[0].s1_residual
    block = JetBlock(16, 16, 32, branches, "none", "hardswish", encoder=encoder)
    block.begin_as_identity()
    x = torch.randn(2, 16, 8, 8)
    torch.testing.assert_close(block(x), x, rtol=0, atol=0)
    block(x).square().sum().backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in block.parameters())


@every_configuration
@torch.inference_mode()
def test_logits_have_the_input_s_size_and_are_finite_and_deterministic(
    preset: str, combination: int
) -> None:
    torch.manual_seed(0)
    model = JetSeg(
        replace(PAPER_FORM, preset=preset, combination=combination, num_classes=5)
    ).eval()
    for size in ((64, 64), (97, 131), (512, 512)):
        images = torch.randn(1, 3, *size)
        logits = model(images)
        assert logits.shape == (1, 5, *size)
        assert torch.isfinite(logits).all()
    images = torch.randn(2, 3, 97, 131)
    together = model(images)
    torch.testing.assert_close(model(images), together, rtol=0, atol=0)
    # A frame's result does not depend on the batch that it comes in.
    torch.testing.assert_close(model(images[1:]), together[1:], rtol=1e-3, atol=1e-3)


@every_configuration
@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
@torch.inference_mode()
def test_half_precision_gives_the_same_picture(
    preset: str, combination: int, precision: torch.dtype
) -> None:
    # Weights are random and the network is deep, so rounding is amplified more than in a trained one.
    torch.manual_seed(0)
    model = JetSeg(
        replace(PAPER_FORM, preset=preset, combination=combination, num_classes=5)
    ).eval()
    images = torch.randn(1, 3, 64, 96)
    whole = model(images).flatten()
    half = model.to(precision)(images.to(precision)).float().flatten()
    assert torch.isfinite(half).all()
    assert float(F.cosine_similarity(half, whole, dim=0)) > 0.95


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
@every_configuration
@torch.inference_mode()
def test_half_precision_on_a_gpu(preset: str, combination: int) -> None:
    torch.manual_seed(0)
    model = (
        JetSeg(replace(PAPER_FORM, preset=preset, combination=combination, num_classes=5))
        .eval()
        .cuda()
    )
    images = torch.randn(1, 3, 97, 131, device="cuda")
    whole = model(images).flatten()
    with torch.autocast("cuda", torch.float16):
        half = model(images).float().flatten()
    assert torch.isfinite(half).all()
    assert float(F.cosine_similarity(half, whole, dim=0)) > 0.95


def test_the_paper_s_text_can_be_built_as_well_as_the_published_counts() -> None:
    # Section 2 and 2.3: residual layers in S0 as in S2, four blocks in S1, S3 with half of S2's.
    config = ModelConfig.from_dict({"residual_blocks": "2,3,2,1", "num_classes": 4})
    model = JetSeg(config)
    blocks = [m for m in model.encoder.modules() if isinstance(m, JetBlock)]
    assert len(blocks) == 2 + 4 + 2 * 3 + 2 * 2
    logits = model(torch.randn(2, 3, 70, 90))
    assert logits.shape == (2, 4, 70, 90)
    logits.sum().backward()
    for name, parameter in model.encoder.s0_residual.named_parameters():
        assert parameter.grad is not None, name


def test_activation_attention_and_decoder_are_configuration() -> None:
    config = replace(
        PAPER_FORM,
        activation="tanhexp",
        attention=("none", "cbam", "spatial"),
        decoder_channels=24,
    )
    model = JetSeg(config)
    kinds = {type(module) for module in model.modules()}
    assert TanhExp in kinds
    assert REU not in kinds
    attention = [
        {type(m) for m in stage.modules()} & {ChannelAttention, SpatialAttention, ECA}
        for stage in (model.encoder.s1, model.encoder.s2_stride8, model.encoder.s3)
    ]
    assert attention == [set(), {ChannelAttention, SpatialAttention}, {SpatialAttention}]
    assert model.decoder.classifier.in_channels == 24
