"""Everything that changes while a run trains, as ``last.pt`` keeps it between epochs."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from jetseg_core.network.jetseg import JetSeg
from jetseg_core.training.train_config import TrainConfig

WARMUP_STEPS = 100


class TrainState:
    """Network, average, optimiser and learning rate of a run, and how far it is.

    Args:
        model: the network, on its device.
        config: settings of the run.
        steps: number of steps of the whole run.
    """

    def __init__(self, model: JetSeg, config: TrainConfig, steps: int) -> None:
        self.model = model
        self.average = AveragedModel(model, config.ema)
        self.optimiser = torch.optim.AdamW(
            model.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: _learning_rate(step, steps)
        )
        self.clip = config.clip
        self.epoch, self.seconds = 0, 0.0
        """Epochs done, and the time that they took."""
        self.best = -1.0
        """Highest score of a validation, percent: mIoU, or its mean with the agreement on held-out recordings."""

    def step(self, loss: Tensor) -> None:
        """Take one step down the gradient of a loss."""
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimiser.step()
        self.schedule.step()
        self.average.update(self.model)

    def to_dict(self) -> dict[str, Any]:
        """Plain data and tensors."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "average_updates": self.average.updates,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `to_dict` gave."""
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.average.updates = state["average_updates"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best, self.seconds = state["epoch"], state["best"], state["seconds"]


class AveragedModel:
    """Exponential moving average of a network's parameters and buffers."""

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


def _learning_rate(step: int, steps: int) -> float:
    """Share of the peak rate: linear warm-up (a tenth of a short run), then polynomial decay with power 0.9."""
    warmup = max(1, min(WARMUP_STEPS, steps // 10))
    return min(1.0, (step + 1) / warmup) * max(0.0, 1 - step / steps) ** 0.9
