"""The bricks, each against what its definition says."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from jetseg_core.errors import JetSegError
from jetseg_core.network.jet_conv import CDDConv, GPConv, JetConv, convenient_groups
from jetseg_core.network.layers import (
    ECA,
    REU,
    ChannelAttention,
    ChannelShuffle,
    PointwiseConv,
    SpatialAttention,
    TanhExp,
)
from jetseg_core.network.model_config import CDDC


def test_reu_is_its_definition_and_never_overflows() -> None:
    x = torch.tensor([-1e4, -100.0, -1.0, 0.0, 0.5, 1e4], requires_grad=True)
    y = REU()(x)
    expected = torch.where(x > 0, x, x * x.clamp(max=0).exp())
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-30)
    y.sum().backward()
    assert x.grad is not None
    slope = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])  # (1 + x) exp(x) below 0, 1 above
    torch.testing.assert_close(x.grad, slope, rtol=0, atol=1e-6)


def test_tanhexp_is_its_definition_and_never_overflows() -> None:
    x = torch.linspace(-10, 10, 101, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(TanhExp()(x), x * torch.tanh(torch.exp(x)), rtol=1e-12, atol=1e-12)
    large = torch.tensor([1e4], requires_grad=True)
    TanhExp()(large).backward()
    assert large.grad is not None
    assert large.grad.item() == pytest.approx(1)


@given(groups=st.integers(1, 8), width=st.integers(1, 8))
def test_channel_shuffle_is_undone_by_the_shuffle_of_the_other_factor(
    groups: int, width: int
) -> None:
    x = torch.arange(groups * width, dtype=torch.float32).view(1, -1, 1, 1)
    shuffled = ChannelShuffle(groups)(x)
    assert torch.equal(shuffled.flatten().sort().values, x.flatten())
    assert torch.equal(ChannelShuffle(width)(shuffled), x)


def test_channels_that_do_not_divide_cannot_be_shuffled() -> None:
    with pytest.raises(JetSegError, match=r"channels: 10 cannot be shuffled in 4 groups; .* of 4"):
        ChannelShuffle(4)(torch.zeros(1, 10, 2, 2))


@given(st.integers(1, 600), st.integers(1, 600))
def test_the_group_rule_divides_both_channel_counts(a: int, b: int) -> None:
    groups = convenient_groups(a, b)
    assert a % groups == 0
    assert b % groups == 0


@pytest.mark.parametrize(
    ("a", "b", "groups"),
    [
        (9, 8, 1),  # only common divisor
        (8, 16, 4),  # of 1 2 4 8, mean 3.75
        (16, 16, 8),  # of 1 2 4 8 16, mean 6.2
        (2, 4, 1),  # of 1 2, mean 1.5: a tie, the smaller
    ],
)
def test_the_group_rule_by_hand(a: int, b: int, groups: int) -> None:
    assert convenient_groups(a, b) == groups


@given(st.sampled_from((0, 3, 5, 7)), st.sampled_from((0, 1, 3, 5, 7)))
def test_the_impulse_response_of_a_cddc_has_the_extent_of_its_kernels(
    asymmetric: int, square: int
) -> None:
    assume(asymmetric or square)
    layer = CDDConv(2, CDDC(asymmetric, square))
    for parameter in layer.parameters():
        torch.nn.init.ones_(parameter)
    impulse = torch.zeros(1, 2, 41, 41)
    impulse[:, 0, 20, 20] = 1
    response = layer(impulse)[0]
    assert response[1].abs().sum() == 0  # depthwise: nothing crosses over to the other channel
    # A dilated pair spans dilation * (k - 1) + 1; a square behind it adds s - 1.
    dilation = {0: 0, 3: 1, 5: 2, 7: 3}[asymmetric]
    extent = 1 + dilation * max(asymmetric - 1, 0) + max(square - 1, 0)
    rows, columns = response[0].nonzero(as_tuple=True)
    for positions in (rows, columns):
        assert int(positions.max() - positions.min()) + 1 == extent
        assert int(positions.max() + positions.min()) == 40  # centered


@given(st.sampled_from((3, 5, 7)), st.integers(1, 12), st.integers(1, 12))
def test_a_dilated_pair_is_one_dilated_square_convolution(k: int, height: int, width: int) -> None:
    # What lets deployment fold it (borders included): the outer product of its two kernels.
    layer = CDDConv(1, CDDC(k, 0)).double()
    column, row = layer.parameters()  # (1, 1, k, 1), (1, 1, 1, k)
    dilation = (k - 1) // 2
    x = torch.randn(1, 1, height, width, dtype=torch.double)
    folded = torch.nn.functional.conv2d(
        x, column * row, padding=dilation * (k // 2), dilation=dilation
    )
    torch.testing.assert_close(layer(x), folded)


def test_a_strided_pointwise_convolution_is_the_library_s() -> None:
    layer = GPConv(6, 4, stride=2)
    x = torch.randn(2, 6, 7, 9)
    expected = torch.nn.functional.conv2d(x, layer.conv.weight, stride=2, groups=layer.groups)
    torch.testing.assert_close(layer(x), expected)


def test_jet_conv_adds_its_branches_hierarchically() -> None:
    layer = JetConv(2, 2, (CDDC(0, 3), CDDC(5, 1), CDDC(7, 0)))
    x = torch.randn(1, 2, 20, 20)
    a, b, c = (branch(x) for branch in layer.branches)
    expected = x + layer.pointwise(torch.cat((a, a + b, a + b + c), 1))
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("layer", [ChannelAttention(16, "reu"), SpatialAttention(), ECA(16)])
def test_attention_scales_by_something_between_0_and_1(layer: torch.nn.Module) -> None:
    x = torch.rand(2, 16, 9, 11) + 0.1
    scale = layer(x) / x
    assert ((scale > 0) & (scale < 1)).all()
    if isinstance(layer, SpatialAttention):  # one factor a pixel
        torch.testing.assert_close(scale, scale[:, :1].expand_as(scale))
    else:  # one factor a channel
        torch.testing.assert_close(scale, scale[..., :1, :1].expand_as(scale))


@pytest.mark.parametrize("groups", [1, 4])
def test_a_pointwise_convolution_trains_as_the_convolution_that_it_is(groups: int) -> None:
    torch.manual_seed(0)
    layer = PointwiseConv(8, 12, groups, bias=True).train()
    plain = nn.Conv2d(8, 12, 1, groups=groups)
    plain.load_state_dict(layer.state_dict())
    inputs = torch.randn(2, 8, 5, 7).to(memory_format=torch.channels_last)
    results = []
    for module in (layer, plain):
        x = inputs.clone().requires_grad_()
        y = module(x)
        y.sin().sum().backward()
        assert module.bias is not None
        results.append([y, x.grad, module.weight.grad, module.bias.grad])
    for one, another in zip(*results, strict=True):
        torch.testing.assert_close(one, another, rtol=1e-5, atol=1e-5)
    assert layer(inputs).is_contiguous(memory_format=torch.channels_last)
