"""Deployed forms of the decoders: norms folded, 1x1 convolutions before an up-sampling instead of after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor, nn

from jetseg_core.deploy.folding import convolution, fold_norm, norm_as_affine
from jetseg_core.network.decoder import Decoder, FastDecoder, PaperDecoder, resize
from jetseg_core.network.layers import ConvBnAct


class DeployedPaperDecoder(nn.Module):
    """`PaperDecoder` with folded norms; `fuse8` runs before the up-sampling, with which a 1x1 convolution commutes."""

    def __init__(self, decoder: PaperDecoder) -> None:
        super().__init__()
        self.head2, self.head8, self.head32, self.fuse2 = (
            _folded(part) for part in (decoder.head2, decoder.head8, decoder.head32, decoder.fuse2)
        )
        self.fuse8 = fold_norm(decoder.fuse8.convolution, decoder.fuse8.norm)
        self.activation = decoder.fuse8.activation
        self.classifier = decoder.classifier

    def forward(self, stride2: Tensor, stride8: Tensor, stride32: Tensor) -> Tensor:
        fine = self.head2(stride2)
        middle = self.head8(stride8)
        middle = self.fuse8(middle + resize(self.head32(stride32), middle))
        middle = self.activation(resize(middle, fine))
        return self.classifier(self.fuse2(torch.cat((fine, middle), 1)))


class DeployedFastDecoder(nn.Module):
    """`FastDecoder` with its norms folded."""

    def __init__(self, decoder: FastDecoder) -> None:
        super().__init__()
        self.head8, self.head32 = _folded(decoder.head8), _folded(decoder.head32)
        self.fuse8 = nn.ModuleList(
            _folded(part) for part in cast("Iterable[ConvBnAct]", decoder.fuse8)
        )
        self.context8 = decoder.context8
        scale, shift = norm_as_affine(decoder.norm2)
        scale = scale[:, None, None, None]
        self.narrow8 = convolution(decoder.narrow8.weight * scale)
        self.fine2 = convolution(decoder.fine2.weight * scale, shift)
        self.activation2, self.classifier = decoder.activation2, decoder.classifier

    def forward(self, stride2: Tensor, stride8: Tensor, stride32: Tensor) -> Tensor:
        middle = self.head8(stride8)
        middle = middle + resize(self.head32(stride32), middle)
        for context, fuse in zip(self.context8, self.fuse8, strict=True):
            middle = middle + fuse(context(middle))
        middle = self.narrow8(middle)
        fine = self.fine2(stride2) + resize(middle, stride2)
        return self.classifier(self.activation2(fine))


DEPLOYED_DECODERS: dict[str, Callable[..., nn.Module]] = {
    "paper": DeployedPaperDecoder,
    "fast": DeployedFastDecoder,
}
"""Deployed forms by the decoder's name in `DECODERS`; each takes the trained decoder."""


def deploy_decoder(decoder: Decoder, name: str) -> nn.Module:
    """The deployed form of a decoder; one without an entry is deployed as it was trained."""
    return DEPLOYED_DECODERS[name](decoder) if name in DEPLOYED_DECODERS else decoder


def _folded(part: ConvBnAct) -> nn.Sequential:
    return nn.Sequential(fold_norm(part.convolution, part.norm), part.activation)
