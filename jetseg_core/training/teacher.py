"""A trained network that another one learns from: knowledge distillation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.loss import identity


class Teacher:
    """What it makes of a picture is a soft label for every pixel, the unlabelled ones included (arXiv 1503.02531).

    Args:
        path: checkpoint, of any size of network.
        classes: of the run; the teacher's must be the same.
        device: where to compute.
        reduce: sums over the processes that share a batch.

    Raises:
        JetSegError: no such checkpoint, or one of other classes.
    """

    def __init__(
        self,
        path: str | Path,
        classes: ClassSet,
        device: torch.device,
        reduce: Callable[[Tensor], Tensor] = identity,
    ) -> None:
        checkpoint = load_checkpoint(path)
        if checkpoint.classes.names != classes.names:
            raise JetSegError(
                f"teacher: '{path}' knows {', '.join(checkpoint.classes.names)}; this run trains "
                f"{', '.join(classes.names)}; give a checkpoint of the same classes in the same order"
            )
        self.provenance = dict(checkpoint.provenance)
        self._model = checkpoint.build().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._reduce = reduce

    def loss(self, images: Tensor, logits: Tensor) -> Tensor:
        """How far a network is from the teacher: KL divergence, in nats, mean over all pixels; 0 for the same answers.

        Args:
            images: (N, 3, H, W) normalised.
            logits: (N, C, H, W), the network's for them.
        """
        with torch.no_grad():
            target = self._model(images).float().log_softmax(1)
        total = F.kl_div(logits.float().log_softmax(1), target, reduction="sum", log_target=True)
        pixels = total.new_tensor(logits[:, 0].numel())
        total, pixels = self._reduce(torch.stack((total, pixels)))
        return total / pixels
