"""What a training run does, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jetseg_core.errors import JetSegError

LossName = Literal["jet", "ce", "jet+ce"]


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one run; each is an option of ``jetseg train``.

    Raises:
        JetSegError: a value is out of range.
    """

    data: str
    """Root folder of the data set."""
    out: str
    """Folder for checkpoints and curves."""
    preset: str = "nano"
    """Size of the network: nano, agx or workstation."""
    combination: int = 0
    """Kernel combination, 0 to 5."""
    epochs: int = 100
    """Passes over the training split."""
    batch_size: int = 8
    """Frames a step."""
    crop_height: int = 288
    """Height of the random views, pixels."""
    crop_width: int = 384
    """Width of the random views, pixels."""
    min_scale: float = 0.6
    """Smallest random magnification."""
    max_scale: float = 1.8
    """Largest random magnification."""
    street_scenes: int = 0
    """Freshly rendered procedural frames added to every epoch."""
    loss: LossName = "jet+ce"
    """JetLoss, class-balanced cross-entropy, or their sum."""
    learning_rate: float = 4e-3
    """Peak of the schedule: linear warm-up, then polynomial decay."""
    weight_decay: float = 1e-4
    """AdamW's decoupled weight decay."""
    clip: float = 1.0
    """Largest norm of a step's gradient."""
    ema: float = 0.998
    """Decay a step of the averaged weights that are validated and kept; 0 = off."""
    init_from: str = ""
    """Checkpoint to start from; empty = random weights."""
    validate_every: int = 5
    """Epochs between validations."""
    seed: int = 0
    """Fixes initial weights, order and augmentation."""

    def __post_init__(self) -> None:
        positive = (
            "epochs", "batch_size", "crop_height", "crop_width", "min_scale", "learning_rate", "clip",
            "validate_every",
        )  # fmt: skip
        for name in positive:
            if not getattr(self, name) > 0:
                raise JetSegError(f"{name}: {getattr(self, name)} must be above 0")
        if self.max_scale < self.min_scale:
            raise JetSegError(f"max_scale: {self.max_scale} is below min_scale {self.min_scale}")
        if not 0 <= self.ema < 1:
            raise JetSegError(f"ema: {self.ema} is not in 0 <= ema < 1")
        if self.loss not in ("jet", "ce", "jet+ce"):
            raise JetSegError(f"loss: '{self.loss}' is not one of jet, ce, jet+ce")
        if self.street_scenes < 0 or self.weight_decay < 0:
            raise JetSegError("street_scenes and weight_decay must be 0 or more")
