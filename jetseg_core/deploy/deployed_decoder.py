"""Deployed forms of the decoders: norms folded, 1x1 convolutions before an up-sampling instead of after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from jetseg_core.deploy.folding import convolution, fold_norm, norm_as_affine, replace_modules
from jetseg_core.network.decoder import FastDecoder, PaperDecoder, Stride4Decoder, resize
from jetseg_core.network.layers import ConvBnAct


class DeployedPaperDecoder(nn.Module):
    """`PaperDecoder` with `fuse8` before the up-sampling, with which a 1x1 convolution commutes."""

    def __init__(self, decoder: PaperDecoder) -> None:
        super().__init__()
        self.head2, self.head8, self.head32 = decoder.head2, decoder.head8, decoder.head32
        self.fuse8, self.activation = decoder.fuse8
        self.fuse2, self.classifier = decoder.fuse2, decoder.classifier

    def forward(
        self, stride2: Tensor, stride4: Tensor, stride8: Tensor, stride32: Tensor
    ) -> Tensor:
        fine = self.head2(stride2)
        middle = self.head8(stride8)
        middle = self.fuse8(middle + resize(self.head32(stride32), middle))
        middle = self.activation(resize(middle, fine))
        return self.classifier(self.fuse2(torch.cat((fine, middle), 1)))


def fold_fast_decoder(decoder: FastDecoder) -> nn.Module:
    """Fold the norm of the finest features, in place."""
    scale, shift = norm_as_affine(decoder.norm2)
    scale = scale[:, None, None, None]
    decoder.narrow8 = convolution(decoder.narrow8.weight * scale)
    decoder.fine2 = convolution(decoder.fine2.weight * scale, shift)
    decoder.add_module("norm2", nn.Identity())
    return decoder


class DeployedStride4Decoder(nn.Module):
    """`Stride4Decoder` up to its logits at stride 4; `Labelling` doubles them."""

    def __init__(self, decoder: Stride4Decoder) -> None:
        super().__init__()
        scale, shift = norm_as_affine(decoder.norm4)
        scale = scale[:, None, None, None]
        decoder.narrow8 = convolution(decoder.narrow8.weight * scale)
        decoder.narrow4 = convolution(decoder.narrow4.weight * scale)
        decoder.fine2 = convolution(decoder.fine2.weight * scale, shift, 2)
        decoder.add_module("norm4", nn.Identity())
        self.decoder = decoder

    def forward(
        self, stride2: Tensor, stride4: Tensor, stride8: Tensor, stride32: Tensor
    ) -> Tensor:
        return self.decoder.at_stride4(stride2, stride4, stride8, stride32)


DEPLOYED_DECODERS: dict[str, Callable[[Any], nn.Module]] = {
    "paper": DeployedPaperDecoder,
    "fast": fold_fast_decoder,
    "stride4": DeployedStride4Decoder,
}
"""Deployed forms by the decoder's name in `DECODERS`.

Each takes a copy of the trained decoder in which every `ConvBnAct` is a convolution and an activation. Without an
entry, that copy is the deployed form.
"""


def deploy_decoder(decoder: nn.Module, name: str) -> nn.Module:
    """The deployed form of a decoder, which is changed.

    Args:
        name: its name in `DECODERS`.
    """
    replace_modules(decoder, ConvBnAct, _folded)
    return DEPLOYED_DECODERS[name](decoder) if name in DEPLOYED_DECODERS else decoder


def _folded(part: ConvBnAct) -> nn.Sequential:
    return nn.Sequential(fold_norm(part.convolution, part.norm), part.activation)
