"""Configuration of a network: kernel combinations, presets and `ModelConfig`, as data.

Source: the JetSeg paper (arXiv 2305.11419), sections 2.1 to 2.3, and the settings that its authors published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Literal, get_args

from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import check_plain, short

Activation = Literal["reu", "tanhexp", "hardswish"]
AttentionKind = Literal["cbam", "spatial", "eca", "none"]
EncoderForm = Literal["paper", "refined"]
WIDEST_DECODER = 1024
"""Twice the authors' largest."""
MOST_BLOCKS = 32
"""Residual blocks in one place, eight times the authors' most."""
DILATION_OF_KERNEL = {3: 1, 5: 2, 7: 3}
"""Dilation of an asymmetric pair by its kernel size (section 2.1)."""


@dataclass(frozen=True)
class CDDC:
    """One combinated dilated depthwise convolution (section 2.1, Figure 2); either part may be absent (0)."""

    asymmetric: int
    """Kernel k of the dilated pair (k x 1, then 1 x k): 3, 5, 7, or 0 for none."""
    square: int
    """Kernel s of the undilated s x s convolution after it: 1, 3, 5, 7, or 0 for none."""

    def __post_init__(self) -> None:
        if self.asymmetric not in (0, *DILATION_OF_KERNEL) or self.square not in (0, 1, 3, 5, 7):
            raise JetSegError(
                f"CDDC({self.asymmetric}, {self.square}): the asymmetric kernel is 0, 3, 5 or 7, "
                "the square one 0, 1, 3, 5 or 7"
            )
        if not (self.asymmetric or self.square):
            raise JetSegError("CDDC(0, 0) convolves nothing: give it at least one kernel")

    @classmethod
    def parse(cls, text: str) -> CDDC:
        """Read the notation of the combination table: ``a7>3``, ``a5`` or ``3``."""
        asymmetric, _, square = text.partition(">")
        try:
            if asymmetric.startswith("a"):
                return cls(int(asymmetric[1:]), int(square or 0))
            return cls(0, int(text))
        except ValueError as error:
            raise JetSegError(f"CDDC '{text}': write a7>3, a7 or 3") from error


Branches = tuple[CDDC, ...]
"""The parallel CDDC branches of one JetConv, one to three."""


@dataclass(frozen=True)
class KernelCombination:
    """The CDDC branches of each kind of block."""

    input: Branches
    s1_residual: Branches
    s1_down: Branches
    s2_residual: Branches
    s2_down: Branches
    s3_residual: Branches
    s3_down: Branches

    @classmethod
    def parse(cls, *columns: str) -> KernelCombination:
        """Read one row of the combination table; ``|`` separates parallel branches."""
        return cls(*(tuple(CDDC.parse(part) for part in column.split("|")) for column in columns))


COMBINATIONS: tuple[KernelCombination, ...] = (
    KernelCombination.parse("a7>1|a5>1|3", "a7>3", "3|a5>1|a7>1", "a5>3", "3|a5", "3", "1"),
    KernelCombination.parse("a7", "7", "3|a5|a7", "a5", "a3|5", "a3", "1"),
    KernelCombination.parse("7", "7", "a3|5|7", "5", "a3|5", "3", "1"),
    KernelCombination.parse("a7", "a7", "3|a5|a7", "a5", "3|a5", "3", "1"),
    KernelCombination.parse("a7", "7", "a3|a5|a7", "5", "a3|a5", "3", "1"),
    KernelCombination.parse("7", "7", "3|5|7", "5", "a3|a5", "3", "1"),
    KernelCombination.parse("3", "a7>3", "3|a5>1|a7>1", "a5>3", "3|a5", "3", "1"),
)
"""C0 to C5, the authors' six combinations; C6, C0 with one small kernel at the full resolution."""


@dataclass(frozen=True)
class Preset:
    """Channels and depths of one size of JetSeg (authors' published settings)."""

    s0_channels: int
    """Output channels of the input block, at stride 2."""
    s1_channels: tuple[int, ...]
    """Output channels of S1's blocks; the first halves the resolution (stride 4)."""
    s2_channels: tuple[int, ...]
    """Output channels of S2's blocks; each halves the resolution (strides 8, 16)."""
    s3_channels: tuple[int, ...]
    """Output channels of S3's blocks; the first halves the resolution (stride 32)."""
    expansion: int
    """Factor by which the first 1x1 convolution of a JetBlock widens its input."""
    max_expansion: int
    """Largest number of channels inside a JetBlock."""
    residual_blocks: tuple[int, ...]
    """Residual blocks after the block of S0 and before each block of S1, S2 and S3: four numbers."""
    decoder_channels: int
    """Width of the decoder."""


PRESETS: Mapping[str, Preset] = {
    "nano": Preset(8, (16,), (32, 48), (64, 64), 2, 64, (0, 0, 1, 1), 64),
    # The authors' decoder widths, 256 and 512, make these two over 13 GMAC at stride 2.
    # Nano with its capacity where it costs little time, from stride 8 on.
    "nano_wide": Preset(8, (16,), (40, 80), (160, 160), 2, 160, (0, 0, 1, 2), 64),
    "agx": Preset(16, (32,), (64, 96), (192, 256), 2, 256, (0, 2, 4, 2), 96),
    "workstation": Preset(32, (64,), (128, 192), (384, 512), 2, 1024, (0, 2, 4, 2), 192),
}
"""The paper's three sizes, named after its machines (section 2), and one of ours."""

PAPER_ATTENTION: tuple[AttentionKind, ...] = ("cbam", "spatial", "eca")
"""Attention of S1, S2 and S3 (section 2.3)."""


@dataclass(frozen=True)
class ModelConfig:
    """All settings of a network; the defaults are those of the shipped model.

    The metadata of a field holds the help text of its command line option and, for most, the allowed values.

    Raises:
        JetSegError: a value is not allowed; the message names field, value and choices.
    """

    preset: str = field(
        default="nano", metadata={"help": "size of the network", "choices": tuple(PRESETS)}
    )
    combination: int = field(default=0, metadata={"help": "kernel combination, 0 to 6"})
    num_classes: int = field(default=11, metadata={"help": "channels of the logits, 1 to 255"})
    activation: Activation = field(
        default="hardswish", metadata={"help": "activation", "choices": get_args(Activation)}
    )
    attention: tuple[AttentionKind, ...] = field(
        default=PAPER_ATTENTION,
        metadata={
            "help": "attention in the blocks of S1, S2 and S3, one each, or `none` for all three",
            "choices": get_args(AttentionKind),
            "metavar": "S1,S2,S3",
        },
    )
    # No choices here: the registry of decoders needs torch, and a robot reads configurations without it.
    decoder: str = field(
        default="fast",
        metadata={"help": "form of the decoder: fast, paper or stride4, see network/decoder.py"},
    )
    decoder_channels: int = field(
        default=0, metadata={"help": "width of the decoder, 0 = the preset's"}
    )
    residual_blocks: tuple[int, ...] = field(
        default=(),
        metadata={
            "help": "residual blocks after the block of S0 and before each block of S1, S2 and S3; "
            "empty = the preset's",
            "metavar": "S0,S1,S2,S3",
        },
    )
    encoder: EncoderForm = field(
        default="refined",
        metadata={
            "help": "form of the encoder's blocks; refined ones halve the resolution by the mean of 2x2 pixels "
            "instead of one of the four and end with a batch norm",
            "choices": get_args(EncoderForm),
        },
    )

    def __post_init__(self) -> None:
        for setting in fields(self):
            choices = setting.metadata.get("choices")
            value = getattr(self, setting.name)
            if choices and setting.name != "attention" and value not in choices:
                raise JetSegError(
                    f"{setting.name}: {short(value)} is not one of {', '.join(choices)}"
                )
        kinds = get_args(AttentionKind)
        if len(self.attention) != 3 or not all(kind in kinds for kind in self.attention):
            raise JetSegError(
                f"attention: {short(','.join(map(str, self.attention)))} is not three of {', '.join(kinds)}, one "
                "each for S1, S2 and S3"
            )
        if not _is_whole(self.combination, 0, len(COMBINATIONS) - 1):
            raise JetSegError(
                f"combination: {short(self.combination)} is not one of 0 to {len(COMBINATIONS) - 1}"
            )
        if not _is_whole(self.num_classes, 1, 255):
            raise JetSegError(f"num_classes: {short(self.num_classes)} is not one of 1 to 255")
        if not isinstance(self.decoder, str):
            raise JetSegError(f"decoder: {short(self.decoder)} is not the name of a decoder")
        if not _is_whole(self.decoder_channels, 0, WIDEST_DECODER):
            raise JetSegError(
                f"decoder_channels: {short(self.decoder_channels)} is not 0 (the preset's) or a positive width of "
                f"{WIDEST_DECODER} or less"
            )
        if self.residual_blocks and (
            len(self.residual_blocks) != 4
            or not all(_is_whole(n, 0, MOST_BLOCKS) for n in self.residual_blocks)
        ):
            raise JetSegError(
                f"residual_blocks: {short(','.join(map(str, self.residual_blocks)))} is not four numbers of 0 to "
                f"{MOST_BLOCKS}, one each for S0, S1, S2 and S3"
            )

    @property
    def sizes(self) -> Preset:
        """Channels and depths of this configuration."""
        preset = PRESETS[self.preset]
        return replace(
            preset,
            decoder_channels=self.decoder_channels or preset.decoder_channels,
            residual_blocks=self.residual_blocks or preset.residual_blocks,
        )

    @property
    def kernels(self) -> KernelCombination:
        """CDDC branches of this configuration's combination."""
        return COMBINATIONS[self.combination]

    def to_dict(self) -> dict[str, object]:
        """Plain data for checkpoints and JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: object) -> ModelConfig:
        """Inverse of `to_dict`. Keys that older checkpoints lack get the paper's values, which they meant.

        Raises:
            JetSegError: the data is not of that form, a key is unknown or a value not allowed.
        """
        check_plain(data, "model configuration")
        if not isinstance(data, dict):
            raise JetSegError(
                f"model configuration: {short(data)}; expected fields and their values"
            )
        return PAPER_FORM.updated(data)

    def updated(self, values: Mapping[str, object]) -> ModelConfig:
        """This configuration with other values; tuples may also be lists or text with commas.

        Raises:
            JetSegError: a key is unknown or a value not allowed.
        """
        known = {setting.name for setting in fields(self)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise JetSegError(
                f"model configuration: unknown keys {unknown}; known: {sorted(known)}"
            )
        changes = dict(values)
        if "attention" in changes:
            changes["attention"] = _read_attention(changes["attention"])
        if "residual_blocks" in changes:
            changes["residual_blocks"] = _read_numbers(changes["residual_blocks"])
        return replace(self, **changes)  # type: ignore[arg-type]


def _is_whole(value: object, smallest: int, largest: int | None = None) -> bool:
    # type() instead of isinstance(), since True is an int, too.
    return type(value) is int and value >= smallest and (largest is None or value <= largest)


def _read_attention(value: object) -> tuple[object, ...]:
    if value in (False, "none"):
        return ("none", "none", "none")
    if value is True:  # Checkpoints from before attention was chosen by stage.
        return PAPER_ATTENTION
    return _read_list(value)


def _read_numbers(value: object) -> tuple[object, ...]:
    return tuple(
        int(part) if isinstance(part, str) and part.isdecimal() and len(part) < 9 else part
        for part in _read_list(value)
    )


def _read_list(value: object) -> tuple[object, ...]:
    """A tuple from JSON (a list) or a command line (text with commas)."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


PAPER_FORM = ModelConfig(activation="reu", decoder="paper", encoder="paper")
"""The network as the paper describes it: nano with C0."""

# Claims of the paper (section 3, Table 1), and the configuration that they are compared with.
PAPER_SIZE = (512, 512)
"""(height, width) of the input, pixels."""
PAPER_PARAMETERS = 0.00003e9
"""Number of learned values; the table gives one significant digit."""
PAPER_FLOPS = 1.125e9
"""Operations by Eq. 2."""
PAPER_RATES = {"Titan RTX": 158.0, "Jetson AGX Xavier": 39.9}
"""Frames per second by device, in PyTorch without TensorRT; that of the Jetson is from the text next to the table."""
PAPER_CONFIG = replace(PAPER_FORM, num_classes=32)
"""The configuration behind those figures: the smallest, with CamVid's 32 classes."""
