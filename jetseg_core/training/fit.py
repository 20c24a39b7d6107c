"""The training loop."""

from __future__ import annotations

import math
import time
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor
from tqdm import tqdm

from jetseg_core.allocator import keep_freed_memory
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import save_checkpoint
from jetseg_core.network.decoder import doubled
from jetseg_core.network.jetseg import normalise
from jetseg_core.training.run_folder import RunFolder
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.training_data import epoch_batches
from jetseg_core.training.training_run import TrainingRun
from jetseg_core.training.validate import (
    shift_logits,
    source_agreement,
    val_figures,
    validate,
)
from jetseg_core.training.workers import join_workers


def train(config: TrainConfig, resume: bool = False) -> Path:
    """Train, validate, and keep the weights that validate best.

    Writes into ``config.out``: ``best.pt`` (a checkpoint), ``last.pt`` (the run's state, after every epoch),
    ``curve.csv`` (one row per epoch) and ``curve.png``. A run that was killed at any moment continues from its last
    epoch with `resume`. Started by torchrun, all its processes share each batch, and the result is that of one.

    Returns:
        The path of ``best.pt``.

    Raises:
        JetSegError: the data cannot be used, or there is nothing to resume; or ``config.out`` is, holds or lies in
            the data set, or one of its files is a link, or a checkpoint that is to be read.
    """
    folder = RunFolder(config)
    keep_freed_memory()
    with join_workers(config.batch_size) as workers:
        run = TrainingRun(config, resume, folder, workers)
        for epoch in range(run.state.epoch, config.epochs):
            losses = train_epoch(run, epoch)
            if workers.writes:
                keep_epoch(run, losses)
            workers.wait()
        if workers.writes and config.offset_pixels:
            shift_logits(folder.best, run.data, config.offset_pixels, workers.device)
        workers.wait()
    return folder.best


def train_epoch(run: TrainingRun, epoch: int) -> dict[str, float]:
    """One pass over the training frames; returns the mean of the loss and of its terms."""
    config, workers, state = run.config, run.workers, run.state
    began = time.monotonic()
    state.model.train()
    batches = epoch_batches(
        run.data, run.augmentation, config.batch_size, config.seed, epoch,
        share=slice(workers.rank, None, workers.count),
    )  # fmt: skip
    bar = tqdm(
        batches, f"epoch {epoch + 1}/{config.epochs}", run.steps_per_epoch, leave=False,
        disable=not workers.writes,
    )  # fmt: skip
    sums: dict[str, float] = {}
    for batch in bar:
        images, labels, soft = (part.to(workers.device) for part in batch)
        terms = _loss(run, images, labels, soft)
        values = {name: float(term.detach()) for name, term in terms.items()}
        _check_finite(run, values)
        state.step(terms["loss"])
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value
    state.epoch = epoch + 1
    state.seconds += time.monotonic() - began
    return {name: total / run.steps_per_epoch for name, total in sums.items()}


def _check_finite(run: TrainingRun, values: dict[str, float]) -> None:
    """Raise before weights that are no numbers replace those of the last epoch."""
    if not all(map(math.isfinite, values.values())):
        found = ", ".join(f"{name} {value:g}" for name, value in values.items())
        raise JetSegError(
            f"the loss is not a finite number in epoch {run.state.epoch + 1}: {found}; last.pt and best.pt are as they "
            f"were before it. Train again with a --learning-rate below {run.config.learning_rate:g}"
        )


def _loss(run: TrainingRun, images: Tensor, labels: Tensor, soft: Tensor) -> dict[str, Tensor]:
    """The loss of a batch, and under their names the terms that it sums up."""
    inputs = normalise(images)
    half = run.network(inputs, full_size=False)
    half_labels = labels[:, ::2, ::2]
    if run.config.half_size_loss:
        logits, labels = half, half_labels
    else:
        logits = doubled(half, inputs)
    terms = run.objective(logits, labels)
    if run.soft_objective is not None:
        terms["soft"] = run.config.soft_weight * run.soft_objective(half, soft, half_labels)
    if run.teacher is not None:
        terms["teacher"] = run.config.distillation * run.teacher.loss(inputs, logits)
    return {"loss": torch.stack(list(terms.values())).sum(), **terms}


def keep_epoch(run: TrainingRun, losses: dict[str, float]) -> None:
    """Validate if it is time, keep the weights if they are the best so far, and write curve and state."""
    config, state, folder = run.config, run.state, run.folder
    row: dict[str, object] = {"epoch": state.epoch, "seconds": round(state.seconds)}
    row |= {name: round(value, 4) for name, value in losses.items()}
    validates = state.epoch == config.epochs or state.epoch % config.validate_every == 0
    scores = _validate(run) if validates else {}
    names = ("val_miou", "source_mean") if run.data.sources else ("val_miou",)
    row |= {name: round(scores[name], 2) if validates else "" for name in names}
    folder.append_row(row, first=state.epoch == 1)
    if validates:
        folder.draw_curve()
    run.save_state()
    shown = [f"{name} {value}" for name, value in row.items() if value != ""]
    left = state.seconds / state.epoch * (config.epochs - state.epoch)
    tqdm.write("  ".join([*shown, f"minutes left {left / 60:.0f}"]))


def _validate(run: TrainingRun) -> dict[str, float]:
    """The averaged network's figures on held-out frames, in percent; the best network is kept as ``best.pt``."""
    state, data, device = run.state, run.data, run.workers.device
    confusion = validate(state.average.model, data.val, len(data.classes), device)
    scores = {"val_miou": confusion.miou()}
    figures = {"epochs": state.epoch, "seconds": round(state.seconds)} | val_figures(confusion)
    if data.sources:
        sources = source_agreement(state.average.model, data, device)
        scores["source_mean"] = mean(sources.values())
        figures |= {"source_mean": scores["source_mean"], "source_agreement": sources}
    score = mean(scores.values())
    if score > state.best:
        state.best = score
        save_checkpoint(
            run.folder.best, state.average.model, data.classes, run.provenance() | figures
        )
    return scores
