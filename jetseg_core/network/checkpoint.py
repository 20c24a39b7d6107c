"""Checkpoints: plain data on disk, a network in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig

FORMAT = "jetseg-checkpoint-1"


@dataclass(frozen=True)
class Checkpoint:
    """A trained network with everything needed to use it."""

    config: ModelConfig
    classes: ClassSet
    state_dict: Mapping[str, Tensor]
    provenance: Mapping[str, object]
    """Origin of the weights: data, split, recipe, epochs, commit, measured mIoU."""
    sha256: str
    """SHA-256 of the file's bytes, in hex."""

    def build(self) -> JetSeg:
        """The network with these weights, in evaluation mode."""
        model = JetSeg(self.config)
        model.load_state_dict(dict(self.state_dict))
        return model.eval()


def save_checkpoint(
    path: str | Path, model: JetSeg, classes: ClassSet, provenance: Mapping[str, object]
) -> None:
    """Write a checkpoint atomically: a reader sees the old file or the complete new one."""
    write_atomically(
        {
            "format": FORMAT,
            "config": model.config.to_dict(),
            "classes": classes.to_dict(),
            "state_dict": {name: value.cpu() for name, value in model.state_dict().items()},
            "provenance": dict(provenance),
        },
        Path(path),
    )


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        JetSegError: the file is missing or not a JetSeg checkpoint, or its weights do not fit its configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise JetSegError(f"no checkpoint '{path}': give the path of a .pt file of `jetseg train`")
    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # Reading arbitrary bytes as pickled data can raise anything.
        raise JetSegError(
            f"'{path}' is not a JetSeg checkpoint (it cannot be read as plain tensors and data); give a "
            ".pt file of `jetseg train`"
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise JetSegError(
            f"'{path}' is not a JetSeg checkpoint: its format is {found!r}, expected '{FORMAT}'; give a "
            ".pt file of `jetseg train`"
        )
    checkpoint = Checkpoint(
        config=ModelConfig.from_dict(data["config"]),
        classes=ClassSet.from_dict(data["classes"]),
        state_dict=data["state_dict"],
        provenance=data["provenance"],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    try:
        checkpoint.build()
    except RuntimeError as error:
        raise JetSegError(
            f"'{path}' holds weights that do not fit its configuration {checkpoint.config}: {error}"
        ) from error
    return checkpoint


def write_atomically(data: object, path: Path) -> None:
    """Save plain data with torch under `path`, completely or not at all."""
    with replacing(path) as partial:
        try:
            torch.save(data, partial)
        except RuntimeError as error:  # torch's writer has no other for a full disk
            reason = str(error).partition("\n")[0]
            raise JetSegError(
                f"{path}: cannot be written ({reason}); free some space, or name another place; what was written "
                "before stays"
            ) from error
