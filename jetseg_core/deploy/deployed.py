"""The deployed form of a network: what every runtime executes."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from jetseg_core.deploy.deployed_activation import deploy_activations
from jetseg_core.deploy.deployed_decoder import deploy_decoder
from jetseg_core.deploy.deployed_encoder import DeployedEncoder
from jetseg_core.deploy.labelling import label
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.preprocess import IMAGE_MEAN


class DeployedJetSeg(nn.Module):
    """Images (N, H, W, 3) uint8 RGB -> labels (N, H, W) uint8, confidence (N, H, W) uint8.

    Confidence is the largest softmax probability times 255, rounded. Any H and W from 64 up.
    """

    mean: Tensor

    def __init__(self, model: JetSeg) -> None:
        super().__init__()
        self.encoder = DeployedEncoder(model.encoder)
        self.decoder = deploy_decoder(model.decoder, model.config.decoder)
        # The mean is subtracted and not folded: the first convolutions pad with zeros, which stand for it.
        self.register_buffer("mean", torch.tensor(IMAGE_MEAN))

    def logits(self, images: Tensor) -> Tensor:
        """Images as above -> logits at half the resolution, (N, classes, ceil(H/2), ceil(W/2))."""
        # A permuted view of contiguous NHWC data already is the channels_last layout.
        return self.decoder(*self.encoder((images.float() - self.mean).permute(0, 3, 1, 2)))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return label(self.logits(images), (images.shape[1], images.shape[2]))


@torch.no_grad()
def deploy(model: JetSeg) -> DeployedJetSeg:
    """The same function as a trained network followed by softmax and argmax, made to run fast.

    Batch norms are folded; chains of linear depthwise convolutions are merged, those of the input block with their
    pointwise step into convolutions of stride 2; 1x1 convolutions run on the small side of an up-sampling; channel
    shuffles become an order of weights; the class channels never exist at the full resolution. Labels equal those of
    `model` but for rounding, which decides ties.

    The model given is not changed.
    """
    deployed = DeployedJetSeg(copy.deepcopy(model).eval()).eval().requires_grad_(False)
    deploy_activations(deployed)
    return deployed
