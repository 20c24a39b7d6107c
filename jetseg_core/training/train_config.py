"""What a training run does, as data."""

from __future__ import annotations

from dataclasses import dataclass

from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import PAPER_ATTENTION, ModelConfig

LOSSES = {
    "jet": ("recall", "precision", "iou"),
    "recall": ("recall",),
    "precision": ("precision",),
    "iou": ("iou",),
    "ce": ("ce",),
    "ohem": ("ohem",),
}
"""What a loss's name stands for: JetLoss, one of its terms, class-balanced cross-entropy, or that of the hard pixels
alone (online hard example mining)."""


def loss_terms(loss: str) -> tuple[str, ...]:
    """The terms of a sum such as ``jet+ce``.

    Raises:
        JetSegError: a name is not one of `LOSSES`, or a term comes twice.
    """
    names = loss.split("+")
    terms = tuple(term for name in names for term in LOSSES.get(name, ()))
    if not set(names) <= set(LOSSES) or len(set(terms)) < len(terms):
        raise JetSegError(
            f"loss: '{loss}' is not one of {', '.join(LOSSES)} (jet = recall+precision+iou), or some of them "
            "joined by +, none twice"
        )
    return terms


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one run; each is an option of ``jetseg train``.

    Raises:
        JetSegError: a value is out of range.
    """

    data: str
    """Root folder of the data set (docs/data.md)."""
    out: str
    """Folder for checkpoints and curves."""
    preset: str = "nano"
    """Size of the network: nano, agx or workstation."""
    combination: int = 0
    """Kernel combination, 0 to 5."""
    activation: str = "hardswish"
    """Activation: hardswish, tanhexp or reu."""
    attention: str = ",".join(PAPER_ATTENTION)
    """Attention in S1,S2,S3: each cbam, spatial, eca or none; none alone: nowhere."""
    encoder: str = "refined"
    """Form of the encoder's blocks: refined or paper."""
    decoder: str = "fast"
    """Form of the decoder: fast or paper."""
    decoder_channels: int = 0
    """Width of the decoder; 0 = the preset's."""
    residual_blocks: str = ""
    """Residual blocks in S0,S1,S2,S3, such as 0,0,1,1; empty = the preset's."""
    classes: str = "camvid11"
    """Classes of the labels: a known set, or the path of a YAML file with names and colors or of a class_dict.csv."""
    frame_height: int = 0
    """Height that frames are resized to when read, pixels; 0 = their own."""
    frame_width: int = 0
    """The same for their width."""
    epochs: int = 170
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
    loss: str = "ce"
    """What is minimised: jet (recall+precision+iou), ce (class-balanced cross-entropy), ohem (the same of hard pixels
    alone, which are right with a probability under 0.7), any of these, or a sum."""
    class_balance: float = 0.999999
    """Beta of the class-balanced weights, 0 <= beta < 1: classes of fewer than about 1 / (1 - beta) pixels of
    the training set weigh the more, the rarer they are; 0 = all alike."""
    learning_rate: float = 4e-3
    """Peak of the schedule: linear warm-up, then polynomial decay."""
    weight_decay: float = 1e-4
    """AdamW's decoupled weight decay."""
    clip: float = 1.0
    """Largest norm of a step's gradient."""
    ema: float = 0.998
    """Decay a step of the averaged weights that are validated and kept; 0 = off."""
    offset_pixels: int = 4_000_000
    """Pixels of the training split, about, by which the classes' logits are shifted in the end, for the highest mIoU;
    0 = no shift."""
    init_from: str = ""
    """Checkpoint to start from; empty = random weights."""
    zero_init_residual: bool = False
    """Residual blocks begin as the identity, which the deeper presets learn better from."""
    teacher: str = ""
    """Checkpoint of a larger network to learn from, beside the labels; empty = none."""
    distillation: float = 1.0
    """Weight of the teacher's term: the mean KL divergence from its class probabilities."""
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
        if not 0 <= self.class_balance < 1:
            raise JetSegError(f"class_balance: {self.class_balance} is not in 0 <= beta < 1")
        if not 0 <= self.ema < 1:
            raise JetSegError(f"ema: {self.ema} is not in 0 <= ema < 1")
        loss_terms(self.loss)
        if self.frame_height < 0 or bool(self.frame_height) != bool(self.frame_width):
            raise JetSegError(
                f"frame_height, frame_width: {self.frame_height}, {self.frame_width}; give both, in pixels, or "
                "0 and 0 for the frames' own size"
            )
        for name in ("street_scenes", "weight_decay", "offset_pixels", "distillation"):
            if getattr(self, name) < 0:
                raise JetSegError(f"{name}: {getattr(self, name)} must be 0 or more")

    def model(self, num_classes: int) -> ModelConfig:
        """The network to train.

        Raises:
            JetSegError: one of its settings is not allowed.
        """
        return ModelConfig.from_dict(
            {
                "preset": self.preset,
                "combination": self.combination,
                "num_classes": num_classes,
                "activation": self.activation,
                "attention": self.attention,
                "encoder": self.encoder,
                "decoder": self.decoder,
                "decoder_channels": self.decoder_channels,
                "residual_blocks": self.residual_blocks,
            }
        )
