"""The training loop."""

from __future__ import annotations

import subprocess
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from jetseg_core.allocator import keep_freed_memory
from jetseg_core.classes import CAMVID11
from jetseg_core.classes.class_file import find_classes
from jetseg_core.data.augmentation import Augmentation
from jetseg_core.data.data_set import DataSet
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.network.checkpoint import load_checkpoint, save_checkpoint, write_atomically
from jetseg_core.network.jet_block import JetBlock
from jetseg_core.network.jetseg import JetSeg, normalise
from jetseg_core.output_places import check_apart, check_replaceable
from jetseg_core.training.average import AveragedModel
from jetseg_core.training.batches import Frames, epoch_batches
from jetseg_core.training.class_pixels import class_pixels
from jetseg_core.training.curve import append_row, draw_curve
from jetseg_core.training.logit_offsets import fit_logit_offsets
from jetseg_core.training.objective import Objective
from jetseg_core.training.teacher import Teacher
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.workers import Workers, join_workers, sum_over_workers

WARMUP_STEPS = 100
WRITTEN = ("best.pt", "last.pt", "curve.csv", "curve.png", "class_pixels.json")
"""Names of the files in a run's folder."""
PATHS = ("data", "out", "init_from", "teacher")
"""Settings that say where things are on this machine."""


def train(config: TrainConfig, resume: bool = False) -> Path:
    """Train, validate, and keep the weights that validate best.

    Writes into ``config.out``: ``best.pt`` (a checkpoint), ``last.pt`` (the run's state, after every epoch),
    ``curve.csv`` (an epoch a row) and ``curve.png``. A run killed at any moment goes on from its last epoch
    with `resume`. Started by torchrun, all its processes share each batch, and the result is that of one.

    Returns:
        The path of ``best.pt``.

    Raises:
        JetSegError: the data cannot be used, or there is nothing to resume; or ``config.out`` is, holds or lies in
            the data set, or one of its files is a link, or a checkpoint that is to be read.
    """
    out = Path(config.out)
    check_apart([out], [config.data])
    read = [path for path in (config.init_from, config.teacher) if path]
    check_apart([out / name for name in WRITTEN], read)
    check_replaceable(out, WRITTEN, WRITTEN)
    keep_freed_memory()
    with join_workers(config.batch_size) as workers:
        return _train(config, resume, workers)


def _train(config: TrainConfig, resume: bool, workers: Workers) -> Path:
    torch.manual_seed(config.seed)
    device, writes = workers.device, workers.rank == 0
    out = Path(config.out)
    data, held_out = _open_data(config)
    frames, val_frames = (list(tqdm(split, "reading", leave=False)) for split in (data, held_out))

    model = JetSeg(config.model(len(data.classes)))
    if config.zero_init_residual:
        for block in model.modules():
            if isinstance(block, JetBlock):
                block.begin_as_identity()
    origin: dict[str, object] = {}
    if config.init_from:
        start = load_checkpoint(config.init_from)
        if start.config != model.config:
            raise JetSegError(
                f"init_from: '{config.init_from}' is {start.config}, this run trains {model.config}"
            )
        model.load_state_dict(dict(start.state_dict))
        origin["started_from"] = dict(start.provenance)
    teacher = None
    if config.teacher:
        teacher = Teacher(config.teacher, data.classes, device, sum_over_workers)
        origin["teacher"] = teacher.provenance
    model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(model, config.ema)
    pixels = class_pixels(data, (label for _, label in frames), out / "class_pixels.json")
    workers.wait()  # All have read what the first may have written.
    objective = Objective(config.loss, pixels, sum_over_workers, config.class_balance).to(device)
    optimiser = torch.optim.AdamW(
        model.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    steps_per_epoch = (len(frames) + config.street_scenes) // config.batch_size
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: _learning_rate(step, steps_per_epoch * config.epochs)
    )
    augmentation = Augmentation(
        crop=(config.crop_height, config.crop_width), scale=(config.min_scale, config.max_scale)
    )
    provenance = origin | {
        "data": data.describe(),
        "split": "train",
        # Without the folders of this machine.
        "recipe": {k: v for k, v in asdict(config).items() if k not in PATHS}
        | {"classes": data.classes.name},
        "commit": _commit(),
    }
    first_epoch, best, seconds = 0, -1.0, 0.0
    if resume:
        state = _load_state(out / "last.pt", config)
        model.load_state_dict(state["model"])
        average.model.load_state_dict(state["average"])
        average.updates = state["average_updates"]
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        first_epoch, best, seconds = state["epoch"], state["best"], state["seconds"]

    shared = workers.share(model)
    for epoch in range(first_epoch, config.epochs):
        began = time.monotonic()
        model.train()
        sums: dict[str, float] = {}
        batches = epoch_batches(
            frames, config.street_scenes, augmentation, config.batch_size, config.seed, epoch,
            share=slice(workers.rank, None, workers.count),
        )  # fmt: skip
        bar = tqdm(
            batches, f"epoch {epoch + 1}/{config.epochs}", steps_per_epoch, leave=False,
            disable=not writes,
        )  # fmt: skip
        for images, target in bar:
            inputs = normalise(images.to(device))
            logits = shared(inputs)
            terms = objective(logits, target.to(device))
            if teacher is not None:
                terms["teacher"] = config.distillation * teacher.loss(inputs, logits)
            loss = torch.stack(list(terms.values())).sum()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimiser.step()
            schedule.step()
            average.update(model)
            for name, term in {"loss": loss, **terms}.items():
                sums[name] = sums.get(name, 0.0) + float(term.detach())
        seconds += time.monotonic() - began
        if not writes:
            workers.wait()
            continue

        row: dict[str, object] = {"epoch": epoch + 1, "seconds": round(seconds)}
        row |= {name: round(total / steps_per_epoch, 4) for name, total in sums.items()}
        last = epoch + 1 == config.epochs
        row["val_miou"] = ""
        if last or (epoch + 1) % config.validate_every == 0:
            confusion = validate(average.model, val_frames, len(data.classes), device)
            miou = confusion.miou()
            row["val_miou"] = round(miou, 2)
            if miou > best:
                best = miou
                found = {"epochs": epoch + 1, "seconds": round(seconds)} | measured(confusion)
                save_checkpoint(out / "best.pt", average.model, data.classes, provenance | found)
        append_row(out / "curve.csv", row, fresh=epoch == 0)
        if row["val_miou"] != "":
            draw_curve(out / "curve.csv")
        write_atomically(
            {
                "config": asdict(config),
                "model": model.state_dict(),
                "average": average.model.state_dict(),
                "average_updates": average.updates,
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
                "epoch": epoch + 1,
                "best": best,
                "seconds": seconds,
            },
            out / "last.pt",
        )
        shown = [f"{name} {value}" for name, value in row.items() if value != ""]
        left = seconds / (epoch + 1) * (config.epochs - epoch - 1)
        tqdm.write("  ".join([*shown, f"minutes left {left / 60:.0f}"]))
        workers.wait()
    if writes and config.offset_pixels:
        _shift_logits(out / "best.pt", frames, val_frames, config.offset_pixels, device)
    workers.wait()
    return out / "best.pt"


def _shift_logits(
    path: Path, frames: Frames, val_frames: Frames, pixels: int, device: torch.device
) -> None:
    """Put the training split's best shifts into a checkpoint's classifier, once."""
    checkpoint = load_checkpoint(path)
    provenance = dict(checkpoint.provenance)
    if "logit_offsets" in provenance:
        return
    model, count = checkpoint.build().to(device), len(checkpoint.classes)
    offsets = fit_logit_offsets(model, frames, count, pixels, device)
    bias = model.decoder.classifier.bias
    assert bias is not None
    bias.data += offsets.to(device)
    confusion = validate(model, val_frames, count, device)
    shifts = ", ".join(
        f"{name} {shift:+.1f}"
        for name, shift in zip(checkpoint.classes.names, offsets.tolist(), strict=True)
    )
    tqdm.write(
        f"logits shifted for the training split's mIoU: {shifts}; on val {provenance['val_miou']:.2f} -> "
        f"{confusion.miou():.2f}"
    )
    provenance |= {
        "logit_offsets": [round(shift, 2) + 0.0 for shift in offsets.tolist()],
        "val_miou_before_offsets": provenance["val_miou"],
    }
    save_checkpoint(path, model, checkpoint.classes, provenance | measured(confusion))


@torch.inference_mode()
def validate(
    model: nn.Module, frames: Frames, num_classes: int, device: torch.device
) -> ConfusionMatrix:
    """Predictions against labels over labelled frames, one at a time at their own size."""
    confusion = ConfusionMatrix(num_classes)
    for image, truth in frames:
        logits = model(normalise(torch.from_numpy(image)[None].to(device)))
        confusion.update(logits.argmax(1)[0].cpu().numpy().astype(np.uint8), truth)
    return confusion


def measured(confusion: ConfusionMatrix) -> dict[str, object]:
    """What a checkpoint says of its accuracy on the validation split, in percent."""
    return {"val_miou": confusion.miou(), "val_pixel_accuracy": confusion.pixel_accuracy()}


def _open_data(config: TrainConfig) -> tuple[DataSet, DataSet]:
    """The training and the validation split."""
    classes = find_classes(config.classes)
    if config.street_scenes and classes != CAMVID11:
        raise JetSegError(
            f"street_scenes: {config.street_scenes}, but rendered frames are labelled with camvid11, not with "
            f"'{classes.name}'; set it to 0"
        )
    size = (config.frame_height, config.frame_width) if config.frame_height else None
    data, held_out = (DataSet(config.data, split, classes, size) for split in ("train", "val"))
    if len(data) + config.street_scenes < config.batch_size:
        raise JetSegError(
            f"batch_size: {config.batch_size}, but an epoch has only {len(data) + config.street_scenes} frames"
        )
    return data, held_out


def _learning_rate(step: int, steps: int) -> float:
    """Share of the peak rate: linear warm-up (a tenth of a short run), then polynomial decay with power 0.9."""
    warmup = max(1, min(WARMUP_STEPS, steps // 10))
    return min(1.0, (step + 1) / warmup) * max(0.0, 1 - step / steps) ** 0.9


def _load_state(path: Path, config: TrainConfig) -> dict[str, Any]:
    if not path.is_file():
        raise JetSegError(f"no run to resume: '{path}' is missing; start without --resume")
    state = torch.load(path, map_location="cpu", weights_only=True)
    # A run of before a setting existed had what is now its default.
    before = {
        field.name: state["config"].get(field.name, field.default) for field in fields(config)
    }
    changed = [name for name, value in asdict(config).items() if before[name] != value]
    if set(changed) - {"data", "out"}:
        raise JetSegError(
            f"'{path}' was made with other settings of {changed}; resume with the same ones"
        )
    return state


def _commit() -> str:
    """The commit of the code that trains; 'unknown' outside a git checkout."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"
