"""What an ablation compares, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jetseg_core.config import COMBINATIONS, ModelConfig


@dataclass(frozen=True)
class Variant:
    """One side of a comparison."""

    name: str
    changes: Mapping[str, object]
    """Fields of `TrainConfig` that differ from the base; {} is the base itself."""

    @property
    def folder(self) -> str:
        """Name of its run; the base, which stands in every group, is run once."""
        return ",".join(f"{key}={value}" for key, value in self.changes.items()) or "base"


GROUPS = ("combination", "loss", "activation", "attention", "decoder")
"""What can be compared: kernel combinations, losses, activations, attention or none, forms and widths of the
decoder."""


def variants(group: str, preset: str) -> tuple[Variant, ...]:
    """The variants of one of `GROUPS`, the base (C0, both losses, REU, attention, the fast decoder) first.

    Args:
        group: one of `GROUPS`.
        preset: size of the network, which fixes the decoder's width.
    """
    if group == "combination":
        rest = (
            Variant(f"C{index}", {"combination": index}) for index in range(1, len(COMBINATIONS))
        )
        return (Variant("C0", {}), *rest)
    if group == "loss":
        return (
            Variant("JetLoss + cross-entropy", {}),
            Variant("JetLoss", {"loss": "jet"}),
            Variant("cross-entropy", {"loss": "ce"}),
        )
    if group == "activation":
        return Variant("REU", {}), Variant("TanhExp", {"activation": "tanhexp"})
    if group == "attention":
        return Variant("on", {}), Variant("off", {"attention": "none"})
    width = ModelConfig(preset).sizes.decoder_channels
    others = (Variant(f"{w} wide", {"decoder_channels": w}) for w in (width // 2, 3 * width // 2))
    return (
        Variant(f"fast, {width} wide", {}),
        *others,
        Variant(f"the paper's form, {width} wide", {"decoder": "paper"}),
    )
