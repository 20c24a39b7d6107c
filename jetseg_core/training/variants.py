"""Comparisons of an ablation, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jetseg_core.network.model_config import COMBINATIONS, PAPER_ATTENTION, ModelConfig

GROUPS = ("combination", "loss", "activation", "attention", "encoder", "decoder")
"""Comparisons: kernel combinations, losses, activations, attention or none, forms of the encoder, forms and widths of
the decoder."""


def variants(group: str, preset: str) -> dict[str, dict[str, Any]]:
    """Settings that differ among the variants of one of `GROUPS`, by the variant's name.

    Args:
        group: one of `GROUPS`.
        preset: size of the network, which fixes the decoder's width.
    """
    width = ModelConfig(preset).sizes.decoder_channels
    every: Mapping[str, dict[str, dict[str, Any]]] = {
        "combination": {f"C{i}": {"combination": i} for i in range(len(COMBINATIONS))},
        "loss": {
            "JetLoss + cross-entropy": {"loss": "jet+ce"},
            "JetLoss": {"loss": "jet"},
            "cross-entropy": {"loss": "ce"},
            "cross-entropy of hard pixels": {"loss": "ohem"},
        },
        "activation": {
            "REU": {"activation": "reu"},
            "TanhExp": {"activation": "tanhexp"},
            "hardswish": {"activation": "hardswish"},
        },
        "attention": {
            "on": {"attention": ",".join(PAPER_ATTENTION)},
            "off": {"attention": "none"},
        },
        "encoder": {"refined": {"encoder": "refined"}, "the paper's": {"encoder": "paper"}},
        "decoder": {
            f"fast, {width} wide": {"decoder": "fast", "decoder_channels": 0},
            f"{width // 2} wide": {"decoder": "fast", "decoder_channels": width // 2},
            f"{3 * width // 2} wide": {"decoder": "fast", "decoder_channels": 3 * width // 2},
            f"the paper's form, {width} wide": {"decoder": "paper", "decoder_channels": 0},
        },
    }
    return every[group]
