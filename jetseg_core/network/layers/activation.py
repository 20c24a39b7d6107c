"""REU and TanhExp, the activations of JetSeg (sections 2.2, 2.3; ref. 24), and hardswish, which is faster than both."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class REU(nn.Module):
    """Rectified exponential unit: x where x > 0, x * exp(x) elsewhere. Any shape in, the same out."""

    def forward(self, x: Tensor) -> Tensor:
        # exp's argument stays at 0 or below, so neither value nor gradient can overflow. hardtanh is a clamp
        # whose backward is one pass over memory (clamp's takes three); exp(-100) is 0 in every precision used.
        return x * F.hardtanh(x, -100.0, 0.0).exp_()


class TanhExp(nn.Module):
    """x * tanh(exp(x)). Any shape in, the same out."""

    def forward(self, x: Tensor) -> Tensor:
        # tanh(exp(x)) is 1 to the last float32 bit from x = 3 on, so clamping there changes nothing; hardtanh as in
        # REU, a fifth of the whole.
        return x * torch.tanh(F.hardtanh(x, -100.0, 3.0).exp_())


def make_activation(name: str) -> nn.Module:
    """A new activation layer: ``reu``, ``tanhexp`` or ``hardswish``."""
    return {"reu": REU, "tanhexp": TanhExp, "hardswish": nn.Hardswish}[name]()
