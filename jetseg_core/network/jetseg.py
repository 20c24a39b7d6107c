"""JetSeg, the whole network (section 2, Figure 1)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.network.decoder import make_decoder
from jetseg_core.network.encoder import JetNet
from jetseg_core.network.model_config import ModelConfig


class JetSeg(nn.Module):
    """(N, 3, H, W) normalised RGB -> logits (N, classes, H, W). Any H and W from 64 up, odd ones included."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = JetNet(config)
        self.decoder = make_decoder(config, self.encoder.tap_channels)
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.decoder(*self.encoder(x))
        # Exactly doubled, then cut: in an odd size as in an even one, pixels keep their places.
        logits = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
        return logits[..., : x.shape[-2], : x.shape[-1]]


def _initialise(model: nn.Module) -> None:
    """He initialisation: the activations are half-rectifying, like ReLU (arXiv 1502.01852)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Conv1d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
