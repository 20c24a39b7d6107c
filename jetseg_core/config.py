"""What a JetSeg network is made of: kernel combinations and presets, as data.

Source: the JetSeg paper (arXiv 2305.11419), sections 2.1 to 2.3, and the settings that its authors published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

from jetseg_core.errors import JetSegError

Activation = Literal["reu", "tanhexp"]
DILATION_OF_KERNEL = {3: 1, 5: 2, 7: 3}
"""Dilation of an asymmetric pair by its kernel size (section 2.1)."""


@dataclass(frozen=True)
class CDDC:
    """One combinated dilated depthwise convolution (section 2.1, Figure 2); either part may be absent (0)."""

    asymmetric: int
    """Kernel k of the dilated pair (k x 1, then 1 x k): 3, 5, 7, or 0 for none."""
    square: int
    """Kernel s of the undilated s x s convolution behind it: 1, 3, 5, 7, or 0 for none."""

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
    """Which CDDC branches each kind of block uses."""

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
)
"""C0 to C5, the authors' six combinations."""


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
    """Factor by which a JetBlock's first pointwise convolution widens its input."""
    max_expansion: int
    """Most channels that it widens to."""
    residual_blocks: tuple[int, int, int, int]
    """Residual blocks before each block of S0, S1, S2, S3."""
    decoder_channels: int
    """Width of the decoder."""


PRESETS: Mapping[str, Preset] = {
    "nano": Preset(8, (16,), (32, 48), (64, 64), 2, 64, (0, 0, 1, 1), 64),
    # The authors' decoder widths, 256 and 512, make these two over 13 GMAC at stride 2.
    "agx": Preset(16, (32,), (64, 96), (192, 256), 2, 256, (0, 2, 4, 2), 96),
    "workstation": Preset(32, (64,), (128, 192), (384, 512), 2, 1024, (0, 2, 4, 2), 192),
}
"""The three machines that the paper names (section 2)."""


@dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes a network's shape.

    Raises:
        JetSegError: a field holds a value that is not allowed; the message names field, value and choices.
    """

    preset: str = "nano"
    """One of `PRESETS`."""
    combination: int = 0
    """Index into `COMBINATIONS`, 0 to 5."""
    num_classes: int = 11
    """Channels of the logits, 1 to 255."""
    activation: Activation = "reu"
    """``reu`` (section 2.3, Figure 3) or ``tanhexp`` (section 2.2)."""
    attention: bool = True
    """Attention in the blocks: CBAM in S1, spatial in S2, ECA in S3."""
    decoder_channels: int = 0
    """Width of the decoder; 0 = the preset's."""

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise JetSegError(f"preset: '{self.preset}' is not one of {', '.join(PRESETS)}")
        if type(self.combination) is not int or not 0 <= self.combination < len(COMBINATIONS):
            raise JetSegError(
                f"combination: {self.combination!r} is not one of 0 to {len(COMBINATIONS) - 1}"
            )
        if type(self.num_classes) is not int or not 1 <= self.num_classes <= 255:
            raise JetSegError(f"num_classes: {self.num_classes!r} is not one of 1 to 255")
        if self.activation not in get_args(Activation):
            raise JetSegError(
                f"activation: '{self.activation}' is not one of {', '.join(get_args(Activation))}"
            )
        if type(self.decoder_channels) is not int or self.decoder_channels < 0:
            raise JetSegError(
                f"decoder_channels: {self.decoder_channels!r} is not 0 (the preset's) or a positive width"
            )

    @property
    def sizes(self) -> Preset:
        """Channels and depths of this configuration's preset."""
        return PRESETS[self.preset]

    @property
    def kernels(self) -> KernelCombination:
        """CDDC branches of this configuration's combination."""
        return COMBINATIONS[self.combination]

    @property
    def decoder_width(self) -> int:
        """Width of the decoder in actual use."""
        return self.decoder_channels or self.sizes.decoder_channels

    def to_dict(self) -> dict[str, object]:
        """Plain data for checkpoints and JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ModelConfig:
        """Inverse of `to_dict`.

        Raises:
            JetSegError: a key is unknown or a value not allowed.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise JetSegError(
                f"model configuration: unknown keys {unknown}; known: {sorted(known)}"
            )
        return cls(**data)  # type: ignore[arg-type]
