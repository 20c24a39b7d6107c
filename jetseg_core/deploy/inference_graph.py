"""The graph that runtimes execute: camera pixels in, labels and confidence out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jetseg_core.models import JetSeg, normalise


class InferenceGraph(nn.Module):
    """Images (N, H, W, 3) uint8 RGB -> labels (N, H, W) uint8, confidence (N, H, W) uint8.

    Confidence is the largest softmax probability times 255, rounded.
    """

    def __init__(self, model: JetSeg) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.model(normalise(images)).float()  # (N, C, H, W)
        labels = logits.argmax(1)
        # The largest softmax probability without the others: exp(0) over the sum.
        excess = (logits - logits.amax(1, keepdim=True)).exp().sum(1)
        confidence = (255 / excess).round()
        return labels.to(torch.uint8), confidence.to(torch.uint8)
