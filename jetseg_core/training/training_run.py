"""Set-up of a run: data, network, loss and optimiser from its settings, and from its last state to resume it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from jetseg_core.classes import ClassSet
from jetseg_core.data.augmentation import Augmentation
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.jet_block import JetBlock
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.training.objective import Objective, SoftCrossEntropy, Teacher
from jetseg_core.training.run_folder import RunFolder
from jetseg_core.training.train_config import PLACES, TrainConfig
from jetseg_core.training.train_state import TrainState
from jetseg_core.training.training_data import TrainingData
from jetseg_core.training.workers import Workers, sum_over_workers


class TrainingRun:
    """Data, network, loss and optimiser of a run.

    Args:
        config: settings of the run.
        resume: True to continue from the folder's last state.
        folder: folder to read the state from and to write to.
        workers: the processes that share the run.

    Raises:
        JetSegError: the data cannot be used, a checkpoint does not fit, or there is nothing to resume.
    """

    def __init__(
        self, config: TrainConfig, resume: bool, folder: RunFolder, workers: Workers
    ) -> None:
        self.config, self.folder, self.workers = config, folder, workers
        self.data = data = TrainingData.read(config)
        self.augmentation = Augmentation(
            crop=(config.crop_height, config.crop_width),
            scale=(config.min_scale, config.max_scale),
            brightness=config.brightness,
            color=config.color,
            gamma=config.gamma,
            aspect=config.aspect,
            width=data.width if config.extra_data else 0,
        )
        self.objective = Objective(
            config.loss, data.class_pixels(), sum_over_workers, config.class_balance
        ).to(workers.device)
        self.soft_objective = None
        if config.soft_weight:
            self.soft_objective = SoftCrossEntropy(
                self.objective.weight, config.labelled_soft, sum_over_workers
            ).to(workers.device)
        self.teacher = None
        if config.teacher:
            self.teacher = Teacher(config.teacher, data.classes, workers.device, sum_over_workers)
        self._identity: dict[str, object] = {
            "classes": list(data.classes.names),
            "teacher": self.teacher.sha256 if self.teacher else "",
        }
        saved = folder.read_state(config, self._identity) if resume else {}
        model, self._origin = _start_network(config, data.classes, saved)
        model.to(workers.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.steps_per_epoch = data.epoch_length() // config.batch_size
        self.state = TrainState(model, config, self.steps_per_epoch * config.epochs)
        if resume:
            try:
                self.state.restore(saved)
            except Exception as error:  # torch raises anything on values of another form
                raise folder.damaged(error) from error
            planned = saved["config"]["epochs"]
            if planned != config.epochs:
                before = [
                    *self._origin.get("length", []),
                    f"{planned} until epoch {self.state.epoch}",
                ]
                self._origin = {**self._origin, "length": before}
        self.network = workers.share(model)
        """The network of `state`, as one step of all processes sees it."""

    def save_state(self) -> None:
        """Write ``last.pt``, from which the run can be resumed."""
        known = {
            "config": self.config.to_dict(),
            "identity": self._identity,
            "origin": self._origin,
        }
        self.folder.write_state(known | self.state.to_dict())

    def provenance(self) -> dict[str, object]:
        """Source of the weights, for a checkpoint; without folders of this machine."""
        recipe = {k: v for k, v in self.config.to_dict().items() if k not in PLACES}
        teacher = {"teacher": self.teacher.provenance} if self.teacher else {}
        return {
            **self._origin,
            **teacher,
            "data": self.data.description,
            "split": "train",
            "recipe": recipe | {"classes": self.data.classes.name},
            "commit": _commit(),
        }


def _start_network(
    config: TrainConfig, classes: ClassSet, saved: dict[str, Any]
) -> tuple[JetSeg, dict[str, Any]]:
    """The network before its first step, and the provenance of its weights."""
    torch.manual_seed(config.seed)
    model = JetSeg(replace(config.model, num_classes=len(classes)))
    if config.zero_init_residual:
        for block in model.modules():
            if isinstance(block, JetBlock):
                block.begin_as_identity()
    if "origin" in saved:  # A resumed run does not need the checkpoint that it started from.
        return model, saved["origin"]
    if not config.init_from:
        return model, {}
    start = load_checkpoint(config.init_from)
    if start.config != model.config:
        raise JetSegError(
            f"init_from: '{config.init_from}' is {start.config}, this run trains {model.config}"
        )
    model.load_state_dict(dict(start.state_dict))
    return model, {"started_from": dict(start.provenance)}


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
