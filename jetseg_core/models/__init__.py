"""The network: encoder, decoder, and both together."""

from jetseg_core.models.decoder import Decoder
from jetseg_core.models.jetnet import JetNet
from jetseg_core.models.jetseg import JetSeg
from jetseg_core.models.preprocess import normalise

__all__ = ["Decoder", "JetNet", "JetSeg", "normalise"]
