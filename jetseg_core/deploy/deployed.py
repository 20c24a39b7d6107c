"""The deployed form of a network, which every runtime executes."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from jetseg_core.deploy.deployed_decoder import DeployedStride4Decoder, deploy_decoder
from jetseg_core.deploy.deployed_encoder import DeployedEncoder
from jetseg_core.deploy.folding import replace_modules
from jetseg_core.deploy.labelling import Labelling
from jetseg_core.network.jetseg import IMAGE_MEAN, JetSeg
from jetseg_core.network.layers import TanhExp


class DeployedJetSeg(nn.Module):
    """Images (N, H, W, 3) uint8 RGB -> labels (N, H, W) uint8, confidence (N, H, W) uint8.

    Confidence is the largest softmax probability times 255, rounded. Any H and W from 64 up.
    """

    mean: Tensor

    def __init__(self, model: JetSeg) -> None:
        super().__init__()
        self.encoder = DeployedEncoder(model.encoder)
        self.decoder = deploy_decoder(model.decoder, model.config.decoder)
        stride = 4 if isinstance(self.decoder, DeployedStride4Decoder) else 2
        self.labelling = Labelling(model.config.num_classes, stride)
        # The mean cannot be folded into the weights: the first convolutions pad with zeros, which must mean it.
        self.register_buffer("mean", torch.tensor(IMAGE_MEAN))

    def logits(self, images: Tensor) -> Tensor:
        """Images as above -> logits (N, classes, ceil(H/s), ceil(W/s)) at the stride s of the labelling."""
        # A permuted view of contiguous NHWC data already is the channels_last layout.
        return self.decoder(*self.encoder((images.float() - self.mean).permute(0, 3, 1, 2)))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.labelling(self.logits(images), (images.shape[1], images.shape[2]))


class DeployedTanhExp(nn.Module):
    """`TanhExp` by exponentials alone, the fastest form in runtimes. Any shape in, the same out.

    tanh(t) = 1 - 2 / (exp(2t) + 1). Where exp overflows, the quotient is 0 and the result x, as it should be.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x - 2 * x / ((2 * x.exp()).exp() + 1)


@torch.no_grad()
def deploy(model: JetSeg) -> DeployedJetSeg:
    """The function of a trained network followed by softmax and argmax, in a form that runs fast.

    Batch norms are folded. Chains of linear depthwise convolutions are merged; those of the input block and its 1x1
    convolution become convolutions of stride 2. 1x1 convolutions run on the small side of an up-sampling. Channel
    shuffles become an order of weights. Class channels never exist at the full resolution. Labels equal those of
    `model` except for ties, which rounding decides.

    The model given is not changed.
    """
    deployed = DeployedJetSeg(copy.deepcopy(model).eval()).eval().requires_grad_(False)
    replace_modules(deployed, TanhExp, lambda _: DeployedTanhExp())
    return deployed
