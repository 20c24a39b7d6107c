"""Ablation: short, equal runs that differ from a base in one thing each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.cost import count_complexity
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import COMBINATIONS, PAPER_ATTENTION, ModelConfig
from jetseg_core.output_places import check_apart
from jetseg_core.training.fit import train
from jetseg_core.training.train_config import ABLATION_GROUPS, TrainConfig


def variants(group: str, preset: str) -> dict[str, dict[str, Any]]:
    """Settings that differ among the variants of one of `ABLATION_GROUPS`, by the variant's name.

    Args:
        group: one of `ABLATION_GROUPS`.
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


@dataclass(frozen=True)
class AblationRow:
    """A variant's figures over all seeds."""

    group: str
    variant: str
    parameters: int
    macs: int
    val_miou: tuple[float, ...]
    """Percent, one for each seed."""
    val_pixel_accuracy: tuple[float, ...]
    """Percent, one for each seed."""
    seconds: float
    """Mean time of a run."""


def ablate(base: TrainConfig, groups: Sequence[str], seeds: int = 1) -> list[AblationRow]:
    """Train every variant of the groups with the seeds 0 to seeds - 1, and collect their figures.

    Each run has its folder in ``base.out``. A run that is done is not repeated; one that was stopped is resumed.

    Args:
        base: settings that all runs share; its own seed does not count.
        groups: names from `ABLATION_GROUPS`.
        seeds: runs of each variant, 1 or more.

    Raises:
        JetSegError: an unknown group, no seed, or a folder with runs of other settings, or one that is, holds or lies
            in the data set.
    """
    unknown = [group for group in groups if group not in ABLATION_GROUPS]
    if unknown or not groups:
        raise JetSegError(
            f"groups: {unknown or 'none given'}; choose from {', '.join(ABLATION_GROUPS)}"
        )
    if seeds < 1:
        raise JetSegError(f"seeds: {seeds}; every variant needs 1 or more runs")
    check_apart([base.out], [base.data])
    # Validated once, at the end: no run picks the epoch that suits it.
    base = replace(base, validate_every=base.epochs)
    rows = []
    for group in groups:
        for name, settings in variants(group, base.model.preset).items():
            results = [_run(base, settings, seed) for seed in range(seeds)]
            accuracies: dict[str, Any] = {
                key: tuple(result[key] for result in results)
                for key in ("val_miou", "val_pixel_accuracy")
            }
            size = {key: results[0][key] for key in ("parameters", "macs")}
            seconds = mean(result["seconds"] for result in results)
            rows.append(AblationRow(group, name, **size, **accuracies, seconds=seconds))
    return rows


def changes(base: TrainConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings whose value is not the base's."""
    return {k: value for k, value in settings.items() if base.updated(**{k: value}) != base}


def _run(base: TrainConfig, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Figures of one run, from its folder if it is done already."""
    changed = changes(base, settings)
    # The base, which stands in every group, is run once.
    name = ",".join(f"{key}={value}" for key, value in changed.items()) or "base"
    out = Path(base.out) / f"{name},seed={seed}"
    config = base.updated(out=str(out), seed=seed, **changed)
    done = out / "result.json"
    if done.is_file():
        places = {"data": config.data, "out": config.out}
        try:
            result = json.loads(done.read_text(encoding="utf-8"))
            same = TrainConfig.from_dict(result["settings"] | places) == config
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise JetSegError(
                f"'{done}' is damaged ({type(error).__name__}); remove it, and the run is repeated"
            ) from error
        if not same:
            raise JetSegError(
                f"'{done}' is of a run with other settings; give the same ones, or another --out"
            )
        return result
    checkpoint = load_checkpoint(train(config, resume=(out / "last.pt").is_file()))
    size = (config.frame_height or 360, config.frame_width or 480)
    counts = count_complexity(JetSeg(checkpoint.config), size)
    recorded = ("commit", "val_miou", "val_pixel_accuracy", "seconds")
    result = {
        "settings": {k: v for k, v in config.to_dict().items() if k not in ("data", "out")},
        "parameters": counts.parameters,
        "macs": counts.macs,
        **{key: checkpoint.provenance[key] for key in recorded},
    }
    with replacing(done) as partial:
        partial.write_text(json.dumps(result, indent=2))
    return result


def markdown(rows: Sequence[AblationRow]) -> str:
    """The rows as a table, group by group; with several seeds, mean and the range from lowest to highest."""
    lines = [
        "| | | parameters | MMAC | val mIoU, % | pixels right, % | s a run |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row, before in zip(rows, [None, *rows], strict=False):
        group = "" if before and before.group == row.group else row.group
        accuracies = f"{_spread(row.val_miou)} | {_spread(row.val_pixel_accuracy)}"
        size = f"{row.parameters:,} | {row.macs / 1e6:.0f}"
        lines.append(f"| {group} | {row.variant} | {size} | {accuracies} | {row.seconds:.0f} |")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"
