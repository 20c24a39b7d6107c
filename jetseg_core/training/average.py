"""Exponential moving average of a network's weights."""

from __future__ import annotations

import copy

import torch

from jetseg_core.network.jetseg import JetSeg


class AveragedModel:
    """A copy of the network whose parameters and buffers trail the trained ones."""

    def __init__(self, model: JetSeg, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, model: JetSeg) -> None:
        """Move a step towards `model`; early steps move further, so that the start is forgotten."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        trained = model.state_dict()
        for name, average in self.model.state_dict().items():
            if average.is_floating_point():
                average.lerp_(trained[name], 1 - decay)
            else:
                average.copy_(trained[name])
