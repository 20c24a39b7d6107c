"""Counts against those found by hand, and the receptive field against what gradients reach."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from jetseg_core.network.cost import ActivationMemory, count_complexity, encoder_receptive_fields
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.layers import ECA, ChannelAttention
from jetseg_core.network.model_config import (
    COMBINATIONS,
    PAPER_CONFIG,
    PAPER_FLOPS,
    PAPER_FORM,
    PAPER_SIZE,
    PRESETS,
    EncoderForm,
)


def test_nano_has_the_costs_of_the_paper() -> None:
    # Table 1: 0.00003 G parameters, 1.125 GFLOPs by Eq. 2, at 512x512 with 32 classes.
    counts = count_complexity(JetSeg(PAPER_CONFIG), PAPER_SIZE)
    assert 25_000 <= counts.parameters <= 35_000
    assert 1.07e9 <= counts.eq2_flops <= 1.18e9
    assert counts.eq2_flops == pytest.approx(PAPER_FLOPS, rel=0.05)
    assert counts.flops == 2 * counts.macs


@pytest.mark.parametrize("combination", range(len(COMBINATIONS)))
@pytest.mark.parametrize(("preset", "most"), [("nano", 1.2e9), ("agx", 5e9), ("workstation", 20e9)])
def test_no_configuration_costs_more_than_its_machine_can_bear(
    preset: str, most: float, combination: int
) -> None:
    model = JetSeg(replace(PAPER_FORM, preset=preset, combination=combination, num_classes=32))
    assert count_complexity(model, (512, 512)).macs < most


def nano_block(name: str) -> nn.Module:
    """A block of nano's encoder with combination C0."""
    return JetSeg(PAPER_FORM).encoder.get_submodule(name)


def test_the_input_block_by_hand() -> None:
    # S0 of C0 on 64x64: per pixel and channel 7 + 7 + 1, 5 + 5 + 1 and 3 * 3 taps on 3 channels, then
    # 9 x 8 pointwise weights on a quarter of the pixels; batch norm and activation on 8 x 32 x 32.
    counts = count_complexity(nano_block("s0"), (64, 64))
    assert counts.parameters == (15 + 11 + 9) * 3 + 9 * 8 + 2 * 8
    assert counts.macs == 64 * 64 * 35 * 3 + 32 * 32 * 72
    assert counts.eq2 == {
        "conv": counts.macs,
        "pool": 0,
        "fc": 0,
        "act": 8 * 32 * 32,
        "bn": 4 * 8 * 32 * 32,
    }


def test_a_block_with_cbam_by_hand() -> None:
    # S1's down block of C0 on 8 channels of 32x32, so 256 pixels behind its first convolution.
    # 8 -> 16 in 4 groups: 32 weights; kernels 3 | 5 + 5 + 1 | 7 + 7 + 1 on 16 channels: 560;
    # 48 -> 16 in 8 groups: 96; 16 -> 16 in 8 groups: 32; CBAM: 16 -> 2 -> 16 with biases, 7x7 on 2 planes.
    counts = count_complexity(nano_block("s1.0"), (32, 32), channels=8)
    assert counts.parameters == 32 + 2 * 16 + 560 + 96 + (32 + 2 + 32 + 16) + 98 + 32
    # The channels' small network runs twice, on their means and on their maxima.
    assert counts.macs == (32 + 560 + 96 + 98 + 32) * 256 + 2 * (32 + 32)
    assert counts.eq2 == {
        "conv": counts.macs,
        "pool": 2 * 16 * 256,
        "fc": 0,
        "act": 2 * 16 * 256 + 2 * 2,
        "bn": 4 * 16 * 256,
    }


def test_a_block_with_spatial_attention_by_hand() -> None:
    # S2's first residual block of C0 on 16 channels of 16x16: 16 -> 32 in 8 groups: 64 weights;
    # 5 + 5 + 3 * 3 taps on 32 channels: 608; 32 -> 32 in 8 groups: 128; 3x3 on 2 planes: 18;
    # 32 -> 16 in 8 groups: 64.
    counts = count_complexity(nano_block("s2_stride8.0"), (16, 16), channels=16)
    assert counts.parameters == 64 + 2 * 32 + 608 + 128 + 18 + 64
    assert counts.macs == (64 + 608 + 128 + 18 + 64) * 256
    assert counts.eq2 == {
        "conv": counts.macs,
        "pool": 0,
        "fc": 0,
        "act": 2 * 32 * 256,
        "bn": 4 * 32 * 256,
    }


def test_a_block_with_eca_by_hand() -> None:
    # S3's down block of C0 on 48 channels of 16x16, 64 pixels behind its first convolution; widened to 64, the
    # preset's limit: 48 -> 64 in 8 groups: 384 weights; 1 tap on 64 channels; 64 -> 64 in 16 groups, twice: 256;
    # ECA: 3 taps along 64 channels.
    counts = count_complexity(nano_block("s3.1"), (16, 16), channels=48)
    assert counts.parameters == 384 + 2 * 64 + 64 + 256 + 3 + 256
    assert counts.macs == (384 + 64 + 256 + 256) * 64 + 3 * 64
    assert counts.eq2 == {
        "conv": counts.macs,
        "pool": 64 * 64,
        "fc": 0,
        "act": 2 * 64 * 64,
        "bn": 4 * 64 * 64,
    }


def test_the_decoder_by_hand_and_the_stages_add_up() -> None:
    # On 64x64: heads of 8, 32 and 64 channels at 32x32, 8x8 and 2x2; then 64 -> 64, 128 -> 64 and the classifier
    # 64 -> 11 at 32x32.
    counts = count_complexity(JetSeg(PAPER_FORM), (64, 64))
    decoder = counts.stages[-1]
    weights = (8 + 32 + 64 + 64 + 128) * 64
    assert decoder.parameters == weights + 5 * 2 * 64 + 64 * 11 + 11
    assert decoder.macs == 64 * ((8 + 64 + 128 + 11) * 1024 + 32 * 64 + 64 * 4)
    assert decoder.eq2["bn"] == 4 * decoder.eq2["act"] == 4 * 64 * (3 * 1024 + 64 + 4)
    assert [stage.shape[1:] for stage in counts.stages] == [
        (32, 32), (16, 16), (8, 8), (4, 4), (2, 2), (32, 32),
    ]  # fmt: skip
    assert counts.parameters == sum(p.numel() for p in JetSeg(PAPER_FORM).parameters())


def test_the_fast_decoder_by_hand() -> None:
    # On 64x64: heads of 32 and 64 channels at 8x8 and 2x2; twice 3x3 depthwise and 64 -> 64, and 64 -> 32, at 8x8;
    # 3x3 from 8 to 32 and the classifier 32 -> 11 at 32x32.
    decoder = count_complexity(JetSeg(replace(PAPER_FORM, decoder="fast")), (64, 64)).stages[-1]
    at8 = 32 * 64 + 2 * (9 * 64 + 64 * 64) + 64 * 32
    at2 = 9 * 8 * 32 + 32 * 11
    assert decoder.parameters == at8 + at2 + 64 * 64 + 2 * (4 * 64 + 32) + 11
    assert decoder.macs == at8 * 64 + at2 * 1024 + 64 * 64 * 4
    assert decoder.eq2["bn"] == 4 * decoder.eq2["act"] == 4 * (64 * (3 * 64 + 4) + 32 * 1024)


def test_activation_memory_by_hand() -> None:
    # 3 x 10 x 10 float32 is 1200 bytes, 8 x 10 x 10 is 3200. The image stays; of the chain, only what a layer
    # reads and what it writes live at one time. ReLU in place writes nothing new.
    layers = (nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1))
    counts = count_complexity(nn.Sequential(*layers), (10, 10))
    assert counts.peak_bytes == 1200 + 2 * 3200
    assert counts.written_bytes == 3 * 3200


def test_activation_memory_is_that_of_a_real_forward_pass() -> None:
    model = JetSeg(replace(PAPER_FORM, preset="agx", combination=1)).eval()
    image = torch.randn(1, 3, 97, 131)
    memory = ActivationMemory(image)
    with torch.no_grad(), memory:
        model(image)
    assert count_complexity(model, (97, 131)).peak_bytes == memory.peak


@pytest.mark.parametrize("axis", [0, 1], ids=["rows", "columns"])
@pytest.mark.parametrize(
    ("preset", "combination", "form"),
    [("nano", index, "paper") for index in range(len(COMBINATIONS))]
    + [("agx", 0, "paper"), ("nano", 0, "refined")],
)
def test_the_receptive_field_equals_the_reach_of_gradients(
    preset: str, combination: int, form: EncoderForm, axis: int
) -> None:
    config = replace(PAPER_FORM, preset=preset, combination=combination, encoder=form)
    encoder = JetSeg(config).encoder.double().eval()
    fields = list(encoder_receptive_fields(encoder).values())
    # Means over the whole frame are not counted, so they are taken out. All weights are positive, so nothing
    # cancels, and small, so that attention does not saturate.
    for module in list(encoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, ChannelAttention | ECA):
                setattr(module, name, nn.Identity())
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 0.1 / module.weight[0].numel())
    size = [64, 64]
    size[axis] = 32 * (max(fields) // 32 + 4)
    image = torch.ones(1, 3, *size, dtype=torch.double, requires_grad=True)
    stride2, _, stride8, stride32 = encoder(image)
    taps = {2: (stride2, fields[0]), 8: (stride8, fields[2]), 32: (stride32, fields[4])}
    for stride, (features, field) in taps.items():
        middle = features.shape[2 + axis] // 2
        row, column = (middle, 0) if axis == 0 else (0, middle)
        feature = features[0, :, row, column].sum()
        (gradient,) = torch.autograd.grad(feature, image, retain_graph=True)
        reached = gradient[0].abs().sum((0, 2 - axis)).nonzero().flatten()
        assert reached.max() - reached.min() + 1 == field
        if form == "paper":  # A mean of 2x2 pixels lies between pixels.
            assert reached.min() == middle * stride - field // 2


def test_presets_differ_in_size() -> None:
    sizes = [
        count_complexity(JetSeg(replace(PAPER_FORM, preset=p)), (64, 64)).parameters
        for p in PRESETS
    ]
    assert sizes == sorted(set(sizes))
