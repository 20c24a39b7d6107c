"""Checkpoints: plain data on disk, a network in memory."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.plain_data import check_plain, short

FORMAT = "jetseg-checkpoint-1"
LARGEST_FILE = 1 << 30
"""Bytes of a checkpoint, as it lies on disk and unpacked; the largest preset has 40 MB."""


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
        JetSegError: the file is missing or not a JetSeg checkpoint, is damaged, or its weights do not
            fit its configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise JetSegError(f"no checkpoint '{path}': give the path of a .pt file of `jetseg train`")
    data = read_tensors(path)
    found = data.get("format") if isinstance(data, dict) else data
    if not isinstance(found, str) or found != FORMAT:
        raise JetSegError(
            f"'{path}' is not a JetSeg checkpoint: its format is {short(found)}, expected '{FORMAT}'; give a "
            ".pt file of `jetseg train`"
        )
    try:
        return _parse(data, hashlib.sha256(path.read_bytes()).hexdigest())
    except JetSegError as error:
        raise JetSegError(f"'{path}' is a damaged checkpoint: {error}") from error


def read_tensors(path: Path) -> Any:
    """Tensors and plain data that torch has saved; no code in the file is run.

    Raises:
        JetSegError: the file is no such file, or larger than `LARGEST_FILE`, packed or unpacked.
    """
    if max(path.stat().st_size, _unpacked_size(path)) > LARGEST_FILE:
        raise JetSegError(
            f"'{path}' has more than {LARGEST_FILE >> 20} MiB, packed or unpacked; no checkpoint of JetSeg is that "
            "large"
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # Reading arbitrary bytes as pickled data can raise anything.
        raise JetSegError(
            f"'{path}' is not a JetSeg checkpoint (it cannot be read as plain tensors and data); give a "
            ".pt file of `jetseg train`"
        ) from error


def _unpacked_size(path: Path) -> int:
    """Bytes of a checkpoint's parts as its zip directory states them; 0 for a file that is no zip archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (
        Exception
    ):  # Damaged archives raise anything; reading it as a checkpoint says what is wrong.
        return 0


def _parse(data: Mapping[str, Any], sha256: str) -> Checkpoint:
    """The checkpoint of a file's fields.

    Raises:
        JetSegError: a field is missing or of another type, or weights are not finite or do not fit the configuration.
    """
    missing = {"config", "classes", "state_dict", "provenance"} - data.keys()
    if missing:
        raise JetSegError(f"no {', '.join(sorted(missing))}")
    weights, provenance = data["state_dict"], data["provenance"]
    if not isinstance(weights, dict) or not isinstance(provenance, dict):
        raise JetSegError("state_dict and provenance: expected two objects")
    check_plain(provenance, "provenance")
    for name, value in weights.items():
        _check_weights(name, value)
    config, classes = ModelConfig.from_dict(data["config"]), ClassSet.from_dict(data["classes"])
    if config.num_classes != len(classes):
        raise JetSegError(
            f"{len(classes)} names of classes for a network of {config.num_classes} classes"
        )
    checkpoint = Checkpoint(config, classes, weights, provenance, sha256)
    try:
        checkpoint.build()
    except (RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise JetSegError(
            f"weights that do not fit its configuration {config}: {reason:.300}"
        ) from error
    return checkpoint


def _check_weights(name: Any, value: Any) -> None:
    """Raise if an entry of a state_dict is no dense tensor of finite real numbers."""
    plain = isinstance(name, str) and isinstance(value, Tensor)
    if (
        not plain
        or value.layout != torch.strided
        or value.device.type != "cpu"
        or value.is_quantized
    ):
        raise JetSegError(f"state_dict: {short(name)}: {short(value)}; expected a dense tensor")
    # A view may repeat one number a billion times.
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise JetSegError(f"state_dict: {name}: more values than the file holds")
    if value.is_complex() or not bool(torch.isfinite(value).all()):
        raise JetSegError(f"state_dict: {name}: weights that are no finite numbers")
    if name.endswith("running_var") and bool((value < 0).any()):
        raise JetSegError(f"state_dict: {name}: variances below zero")


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
