"""Settings of a training run, as data and as a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.plain_data import read_yaml, short

LOSSES = {
    "jet": ("recall", "precision", "iou"),
    "recall": ("recall",),
    "precision": ("precision",),
    "iou": ("iou",),
    "ce": ("ce",),
    "ohem": ("ohem",),
}
"""Terms by the name of a loss: JetLoss, one term of it, class-balanced cross-entropy, or cross-entropy of the hard
pixels alone (online hard example mining)."""
ABLATION_GROUPS = ("combination", "loss", "activation", "attention", "encoder", "decoder")
"""Comparisons of `jetseg ablate`: kernel combinations, losses, activations, attention or none, forms of the encoder,
forms and widths of the decoder."""
PLACES = ("data", "extra_data", "out", "init_from", "teacher")
"""Settings that are paths; the same run may be resumed with others."""
WHOLE = 1 - 1e-9
"""Sum of shares from which on they are the whole, in spite of rounding."""
GONE = {"street_scenes": 0}
"""Settings of earlier versions that are no more, with the only value that is still understood."""


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


def names_in(text: str) -> tuple[str, ...]:
    """The parts of a text between commas, without blanks."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def setting(default: Any, text: str) -> Any:
    """A field with a default and the help text of its option."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one run; each field, and each of the network's, is an option of ``jetseg train``.

    Raises:
        JetSegError: a value is out of range.
    """

    data: str = setting(MISSING, "root folder of the data set, see docs/data.md")
    out: str = setting(MISSING, "folder for checkpoints and curves")
    model: ModelConfig = field(default_factory=ModelConfig)
    """The network; its number of classes is replaced by that of the data."""
    classes: str = setting(
        "camvid11",
        "classes of the labels: a known set, or the path of a YAML file with names and colors or of a class_dict.csv",
    )
    frame_height: int = setting(
        0, "height that frames are resized to when they are read, in pixels; 0 = their own"
    )
    frame_width: int = setting(
        0, "width that frames are resized to when they are read, in pixels; 0 = their own"
    )
    extra_data: str = setting(
        "",
        "root folders of further data sets, separated by commas: with labels, or with images/ and soft/ alone",
    )
    extra_shares: str = setting(
        "0.5",
        "share of the training frames that come from each of --extra-data, separated by commas; with a sum of 1 "
        "nothing of --data is trained on but its classes' frequencies",
    )
    hold_out: str = setting(
        "",
        "beginnings of frames' names, separated by commas: such frames of --data validate, and all others of train and "
        "val are trained on; such frames of --extra-data are left out, and agreement with them is measured",
    )
    soft_weight: float = setting(
        0.0,
        "weight of the cross-entropy to soft labels (soft/ in a data set, see docs/training.md); 0 = they are not read",
    )
    labelled_soft: float = setting(
        0.3, "weight of soft labels in pixels that have a label, relative to those in others"
    )
    half_size_loss: bool = setting(
        False, "compare with the labels at half the view's size, which saves time"
    )
    epochs: int = setting(170, "passes over the training split")
    batch_size: int = setting(8, "frames in a step")
    crop_height: int = setting(288, "height of the random views, in pixels")
    crop_width: int = setting(384, "width of the random views, in pixels")
    min_scale: float = setting(0.6, "smallest random magnification")
    max_scale: float = setting(1.8, "largest random magnification")
    brightness: float = setting(0.35, "largest random change of the brightness, 0 to below 1")
    color: float = setting(0.1, "largest random change of each color channel, 0 to below 1")
    gamma: float = setting(0.0, "largest random gamma curve: exponents from e^-g to e^g")
    aspect: float = setting(
        0.0, "largest random stretch of the width against the height: factors from e^-a to e^a"
    )
    loss: str = setting(
        "ce",
        "loss to minimise: ce (class-balanced cross-entropy), ohem (the same over hard pixels alone, whose class has "
        "a probability below 0.7), jet (JetLoss, the sum of recall, precision and iou), one of its three terms, or a "
        "sum such as jet+ce",
    )
    class_balance: float = setting(
        0.999999,
        "beta of the class-balanced weights, 0 <= beta < 1: among classes of fewer than about 1 / (1 - beta) pixels of "
        "the training set, rarer ones weigh more; 0 = all classes weigh the same",
    )
    learning_rate: float = setting(
        4e-3, "peak of the schedule: linear warm-up, then polynomial decay"
    )
    weight_decay: float = setting(1e-4, "decoupled weight decay of AdamW")
    clip: float = setting(1.0, "largest norm of a step's gradient")
    ema: float = setting(
        0.998, "decay per step of the averaged weights that are validated and kept; 0 = no average"
    )
    offset_pixels: int = setting(
        4_000_000,
        "approximate number of training pixels from which the shifts of the classes' logits are found at the end, for "
        "the highest mIoU; 0 = no shifts",
    )
    init_from: str = setting("", "checkpoint to start from; empty = random weights")
    zero_init_residual: bool = setting(
        False, "start residual blocks as the identity, which helps the deeper presets to learn"
    )
    teacher: str = setting(
        "", "checkpoint of a larger network to learn from besides the labels; empty = none"
    )
    distillation: float = setting(
        1.0, "weight of the teacher's term, the mean KL divergence from its class probabilities"
    )
    validate_every: int = setting(5, "epochs from one validation to the next")
    seed: int = setting(0, "seed of the initial weights, the order of frames and the augmentation")

    def __post_init__(self) -> None:
        positive = (
            "epochs", "batch_size", "crop_height", "crop_width", "min_scale", "learning_rate", "clip",
            "validate_every",
        )  # fmt: skip
        for name in positive:
            if not getattr(self, name) > 0:
                raise JetSegError(f"{name}: {getattr(self, name)} must be above 0")
        for name in (
            "weight_decay", "offset_pixels", "distillation", "soft_weight", "labelled_soft", "brightness", "color",
            "gamma", "aspect",
        ):  # fmt: skip
            if getattr(self, name) < 0:
                raise JetSegError(f"{name}: {getattr(self, name)} must be 0 or more")
        if self.max_scale < self.min_scale:
            raise JetSegError(f"max_scale: {self.max_scale} is below min_scale {self.min_scale}")
        for name in ("brightness", "color"):
            if getattr(self, name) >= 1:
                raise JetSegError(f"{name}: {getattr(self, name)} must be below 1")
        if not 0 <= self.class_balance < 1:
            raise JetSegError(f"class_balance: {self.class_balance} is not in 0 <= beta < 1")
        if not 0 <= self.ema < 1:
            raise JetSegError(f"ema: {self.ema} is not in 0 <= ema < 1")
        loss_terms(self.loss)
        self.extra_roots()
        if self.frame_height < 0 or bool(self.frame_height) != bool(self.frame_width):
            raise JetSegError(
                f"frame_height, frame_width: {self.frame_height}, {self.frame_width}; give both, in pixels, or "
                "0 and 0 for the frames' own size"
            )

    def extra_roots(self) -> dict[str, float]:
        """The further data sets, with the share of the training frames that comes from each.

        Raises:
            JetSegError: there is not one share for each, or their sum is above 1.
        """
        roots = names_in(self.extra_data)
        if not roots:
            return {}
        try:
            shares = [float(share) for share in names_in(self.extra_shares)]
        except ValueError:
            shares = []
        if (
            len(shares) != len(roots)
            or not all(share > 0 for share in shares)
            or not sum(shares) <= 2 - WHOLE
        ):
            raise JetSegError(
                f"extra_shares: '{self.extra_shares}' for {len(roots)} of extra_data; expected a share above 0 for "
                "each, separated by commas, with a sum of at most 1, as in 0.5"
            )
        return dict(zip(roots, shares, strict=True))

    def held_out(self) -> tuple[str, ...]:
        """The beginnings of names in `hold_out`."""
        return names_in(self.hold_out)

    def updated(self, **settings: object) -> TrainConfig:
        """This configuration with other settings, those of the network among them, by the names of their options.

        Raises:
            JetSegError: a name is unknown, or a value is not allowed.
        """
        unknown = sorted(set(settings) - set(self.to_dict()))
        if unknown:
            raise JetSegError(f"unknown settings of a training run: {', '.join(unknown)}")
        network = {name: value for name, value in settings.items() if name in _NETWORK}
        others: dict[str, Any] = {k: v for k, v in settings.items() if k not in _NETWORK}
        model = self.model.updated(network)
        return replace(self, model=model, **others)

    def to_dict(self) -> dict[str, Any]:
        """All settings as plain data, by the names of their options."""
        values = asdict(self)
        network = values.pop("model")
        for name in _NETWORK:
            value = network[name]
            values[name] = ",".join(map(str, value)) if isinstance(value, tuple) else value
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> TrainConfig:
        """Inverse of `to_dict`; what is missing, as in a file of before a setting existed, has its default.

        Raises:
            JetSegError: a value is not allowed, or a setting is of an earlier version and cannot be followed.
        """
        settings = dict(values)
        for name, value in GONE.items():
            if settings.pop(name, value) != value:
                raise JetSegError(f"{name}: {short(values[name])} is no longer supported")
        places = {name: settings.pop(name, "") for name in ("data", "out")}
        return cls(**places).updated(**settings)  # type: ignore[arg-type]


_NETWORK = tuple(item.name for item in fields(ModelConfig) if item.name != "num_classes")


def read_settings(path: Path | None) -> dict[str, Any]:
    """Settings of a YAML file by the names of their options; {} without a file.

    Raises:
        JetSegError: the file is missing or not a mapping, a name is unknown, or a value is of another type.
    """
    if path is None:
        return {}
    try:
        values = read_yaml(path)
    except ValueError as error:
        raise JetSegError(f"config: '{path}' cannot be read as YAML: {error}") from error
    defaults = TrainConfig("", "").to_dict()
    if not isinstance(values, dict) or not set(values) <= set(defaults):
        unknown = isinstance(values, dict) and sorted(
            str(key) for key in set(values) - set(defaults)
        )
        found = unknown or values
        raise JetSegError(
            f"config: '{path}' holds {short(found)}; expected a mapping of some of {', '.join(defaults)}"
        )
    for name, value in values.items():
        kind = type(defaults[name])
        # A whole number is a float, too; True is an int to Python, but not a number here.
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or isinstance(value, bool) != (kind is bool):
            raise JetSegError(
                f"config: {name} in '{path}' is {short(value)}; expected {kind.__name__}"
            )
    return values
