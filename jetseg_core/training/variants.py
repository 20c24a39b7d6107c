"""What an ablation compares, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jetseg_core.network.model_config import COMBINATIONS, PAPER_ATTENTION, ModelConfig
from jetseg_core.training.train_config import TrainConfig


@dataclass(frozen=True)
class Variant:
    """One side of a comparison."""

    name: str
    settings: Mapping[str, object]
    """Fields of `TrainConfig`: what it is about."""

    def changes(self, base: TrainConfig) -> dict[str, Any]:
        """Those of its settings in which it differs from a base; {} is the base itself."""
        return {key: value for key, value in self.settings.items() if getattr(base, key) != value}


GROUPS = ("combination", "loss", "activation", "attention", "encoder", "decoder")
"""What can be compared: kernel combinations, losses, activations, attention or none, forms of the encoder, forms
and widths of the decoder."""


def variants(group: str, preset: str) -> tuple[Variant, ...]:
    """The variants of one of `GROUPS`.

    Args:
        group: one of `GROUPS`.
        preset: size of the network, which fixes the decoder's width.
    """
    if group == "combination":
        return tuple(Variant(f"C{i}", {"combination": i}) for i in range(len(COMBINATIONS)))
    if group == "loss":
        return (
            Variant("JetLoss + cross-entropy", {"loss": "jet+ce"}),
            Variant("JetLoss", {"loss": "jet"}),
            Variant("cross-entropy", {"loss": "ce"}),
            Variant("cross-entropy of hard pixels", {"loss": "ohem"}),
        )
    if group == "activation":
        return (
            Variant("REU", {"activation": "reu"}),
            Variant("TanhExp", {"activation": "tanhexp"}),
            Variant("hardswish", {"activation": "hardswish"}),
        )
    if group == "attention":
        on = ",".join(PAPER_ATTENTION)
        return Variant("on", {"attention": on}), Variant("off", {"attention": "none"})
    if group == "encoder":
        return (
            Variant("refined", {"encoder": "refined"}),
            Variant("the paper's", {"encoder": "paper"}),
        )
    width = ModelConfig(preset).sizes.decoder_channels
    others = (
        Variant(f"{w} wide", {"decoder": "fast", "decoder_channels": w})
        for w in (width // 2, 3 * width // 2)
    )
    return (
        Variant(f"fast, {width} wide", {"decoder": "fast", "decoder_channels": 0}),
        *others,
        Variant(f"the paper's form, {width} wide", {"decoder": "paper", "decoder_channels": 0}),
    )
