"""Cross-validation by recording: each one is held out in turn, and the mean of the folds says what a new road does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean

from jetseg_core.atomic_file import replacing
from jetseg_core.classes.class_file import find_classes
from jetseg_core.data.data_set import DataSet
from jetseg_core.data.layouts import find_layout
from jetseg_core.data.soft_labels import recording_of
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.output_places import check_apart
from jetseg_core.training.fit import train
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.training_data import TrainingData
from jetseg_core.training.validate import source_agreement, validate
from jetseg_core.training.workers import join_workers


@dataclass(frozen=True)
class Fold:
    """Figures of one fold, in percent, measured once at the end of its run."""

    held_out: str
    """Beginning of the names of the frames that it did not see."""
    frames: int
    """Number of these frames."""
    miou: float
    pixel_accuracy: float
    per_class_iou: dict[str, float | None]
    """None for a class that does not occur."""
    source_agreement: dict[str, float]
    """Agreement on the held-out recordings of further data sets."""


def cross_validate(base: TrainConfig, recordings: Sequence[str] = ()) -> list[Fold]:
    """Train once for each recording without it, and measure on it.

    Each run has its folder in ``base.out``. A fold that is done is not repeated; one that was stopped is resumed.

    Args:
        base: settings that all runs share; its `hold_out` is held out in each of them, too.
        recordings: beginnings of frames' names; none = every recording of train and val, see `recordings_in`.

    Raises:
        JetSegError: fewer than two recordings, a folder with runs of other settings, or see `train`.
    """
    folds = list(recordings) or recordings_in(base)
    if len(folds) < 2:
        raise JetSegError(
            f"recordings: {', '.join(folds) or 'none'}; cross-validation needs two or more, known by the beginnings of "
            "their frames' names; name them with --folds"
        )
    check_apart([base.out], [base.data, *base.extra_roots()])
    # Validated once, at the end: no fold picks the epoch that suits it.
    base = replace(base, validate_every=base.epochs)
    return [_run(base, recording) for recording in folds]


def recordings_in(config: TrainConfig) -> list[str]:
    """The recordings of train and val, by the names of their frames up to the first underscore."""
    root, classes = Path(config.data), find_classes(config.classes)
    folders = find_layout(root)
    splits = [s for s in ("train", "val") if folders.together or s in folders.splits]
    names = {recording_of(f.stem) for split in splits for f in DataSet(root, split, classes).frames}
    return sorted(names)


def fold_mean(folds: Sequence[Fold]) -> float:
    """Mean mIoU of the folds, percent."""
    return mean(fold.miou for fold in folds)


def source_mean(folds: Sequence[Fold]) -> float | None:
    """Mean agreement over held-out recordings and folds, percent; None without any."""
    values = [value for fold in folds for value in fold.source_agreement.values()]
    return mean(values) if values else None


def _run(base: TrainConfig, recording: str) -> Fold:
    """Figures of one fold, from its folder if it is done already."""
    out = Path(base.out) / recording
    held_out = ",".join((recording, *base.held_out()))
    config = replace(base, out=str(out), hold_out=held_out)
    done = out / "fold.json"
    places = {"data": config.data, "extra_data": config.extra_data, "out": config.out}
    if done.is_file():
        result = json.loads(done.read_text(encoding="utf-8"))
        if TrainConfig.from_dict(result["settings"] | places) != config:
            raise JetSegError(
                f"'{done}' is of a run with other settings; give the same ones, or another --out"
            )
        return Fold(**result["fold"])
    best = train(config, resume=(out / "last.pt").is_file())
    fold = _measure(best, config, recording)
    settings = {k: v for k, v in config.to_dict().items() if k not in places}
    with replacing(done) as partial:
        partial.write_text(json.dumps({"settings": settings, "fold": asdict(fold)}, indent=2))
    return fold


def _measure(best: Path, config: TrainConfig, recording: str) -> Fold:
    """Figures of a fold's checkpoint, shifts of its logits included."""
    checkpoint, data = load_checkpoint(best), TrainingData.read(config)
    with join_workers(config.batch_size) as workers:
        model = checkpoint.build().to(workers.device)
        confusion = validate(model, data.val, len(data.classes), workers.device)
        sources = source_agreement(model, data, workers.device) if data.sources else {}
    iou = (100 * confusion.iou()).tolist()
    return Fold(
        recording,
        len(data.val),
        confusion.miou(),
        confusion.pixel_accuracy(),
        {n: v if v == v else None for n, v in zip(data.classes.names, iou, strict=True)},
        sources,
    )


def folds_table(folds: Sequence[Fold]) -> str:
    """The folds as a table in Markdown: a column for each, a row for each class, the means below it."""
    return "\n".join(_lines(folds))


def _lines(folds: Sequence[Fold]) -> Iterator[str]:
    yield f"| held out | {' | '.join(fold.held_out for fold in folds)} | mean |"
    yield f"|---|{'---:|' * (len(folds) + 1)}"
    yield _row("frames", [fold.frames for fold in folds], digits=0, with_mean=False)
    for name in folds[0].per_class_iou:
        yield _row(name, [fold.per_class_iou[name] for fold in folds])
    yield _row("pixels right, %", [fold.pixel_accuracy for fold in folds])
    for name in folds[0].source_agreement:
        yield _row(f"agreement on {name}, %", [fold.source_agreement[name] for fold in folds])
    if folds[0].source_agreement:
        means = [mean(fold.source_agreement.values()) for fold in folds]
        yield _row("**source mean, %**", means)
    yield _row("**mIoU, %**", [fold.miou for fold in folds])


def _row(name: str, values: Sequence[float | None], digits: int = 1, with_mean: bool = True) -> str:
    known = [value for value in values if value is not None]
    shown = ["-" if value is None else f"{value:.{digits}f}" for value in values]
    shown.append(f"{mean(known):.{digits}f}" if with_mean and known else "")
    return f"| {name} | {' | '.join(shown)} |"
