"""JetSeg, the whole network (section 2, Figure 1)."""

from __future__ import annotations

from torch import Tensor, nn

from jetseg_core.config import ModelConfig
from jetseg_core.models.decoder import Decoder, resize
from jetseg_core.models.jetnet import JetNet


class JetSeg(nn.Module):
    """(N, 3, H, W) normalised RGB -> logits (N, classes, H, W). Any H and W from 64 up, odd ones included."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = JetNet(config)
        self.decoder = Decoder(
            self.encoder.tap_channels,
            config.sizes.decoder_channels,
            config.num_classes,
            config.activation,
        )
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return resize(self.decoder(*self.encoder(x)), x)


def _initialise(model: nn.Module) -> None:
    """He initialisation: the activations are half-rectifying, like ReLU (arXiv 1502.01852)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Conv1d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
