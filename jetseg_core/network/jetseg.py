"""JetSeg, the whole network (section 2, Figure 1), and the normalisation of its input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jetseg_core.network.decoder import doubled, make_decoder
from jetseg_core.network.encoder import JetNet
from jetseg_core.network.model_config import ModelConfig

# Statistics of ImageNet, the field's convention (RGB, 0..255).
IMAGE_MEAN = (123.675, 116.28, 103.53)
IMAGE_STD = (58.395, 57.12, 57.375)


def normalise(images: Tensor) -> Tensor:
    """Camera pixels to the network's input: (N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32, channels last."""
    mean = torch.tensor(IMAGE_MEAN, device=images.device)
    scale = 1 / torch.tensor(IMAGE_STD, device=images.device)
    # A permuted view of contiguous NHWC data already is the channels_last layout.
    return ((images.float() - mean) * scale).permute(0, 3, 1, 2)


class JetSeg(nn.Module):
    """(N, 3, H, W) normalised RGB -> logits (N, classes, H, W). Any H and W from 64 up, odd ones included."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = JetNet(config)
        self.decoder = make_decoder(config, self.encoder.tap_channels)
        _initialise(self)

    def forward(self, x: Tensor, full_size: bool = True) -> Tensor:
        """Give the logits; (N, classes, ceil(H/2), ceil(W/2)) without `full_size`."""
        logits = self.decoder(*self.encoder(x))
        return doubled(logits, x, self.decoder.doubling) if full_size else logits


def _initialise(model: nn.Module) -> None:
    """He initialisation: the activations are half-rectifying, like ReLU (arXiv 1502.01852)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Conv1d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
