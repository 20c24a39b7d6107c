"""The pixel values that a foreign network was trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jetseg_core.errors import JetSegError

Triple = tuple[float, float, float]

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class PixelValues:
    """(pixel - mean) / std of each color, and the order of the colors."""

    mean: Triple
    """Value for red, green and blue, in units of 0..255."""
    std: Triple
    """Likewise."""
    bgr: bool
    """True if blue comes first in the network's input."""
    assumed: str = ""
    """Statement of what was taken for granted; empty if all was given."""

    def __str__(self) -> str:
        order = "BGR" if self.bgr else "RGB"
        return f"{order}, (pixel - {_listed(self.mean)}) / {_listed(self.std)}"


def read_pixel_values(
    mean: list[float] | None, std: list[float] | None, scale: str | None, bgr: bool
) -> PixelValues:
    """The values of the options --mean, --std, --scale and --bgr; without any, ImageNet's, as assumed.

    Means and deviations above 1 are in units of 0..255, others of 0..1.

    Raises:
        JetSegError: the options contradict each other, or a value is not allowed.
    """
    if scale is not None:
        if mean or std:
            raise JetSegError(
                "--scale and --mean, --std both say what pixels are divided by; give the one or the other"
            )
        width = 1 / _factor(scale)
        return PixelValues((0.0, 0.0, 0.0), (width, width, width), bgr)
    if (mean is None) != (std is None):
        raise JetSegError(
            "--mean and --std belong together: three numbers each, red first, both of 0..1 or both of 0..255"
        )
    if mean is None or std is None:
        assumed = (
            "pixels normalised with ImageNet's mean and deviation, as most networks are trained; else give --mean and "
            "--std, or --scale"
        )
        return PixelValues(_in_255(_MEAN), _in_255(_STD), bgr, assumed)
    middle, width_of = _triple("--mean", mean), _triple("--std", std)
    if min(width_of) <= 0:
        raise JetSegError(f"--std {_listed(width_of)}: must be above 0")
    large = [max(map(abs, values)) > 1 for values in (middle, width_of)]
    if large[0] != large[1] and any(middle) and max(width_of) != 1:
        raise JetSegError(
            f"--mean {_listed(middle)} and --std {_listed(width_of)} look like values of 0..255 and of 0..1; give "
            "both in one unit"
        )
    if any(large):
        return PixelValues(middle, width_of, bgr)
    return PixelValues(_in_255(middle), _in_255(width_of), bgr)


def _factor(text: str) -> float:
    """The number of a text such as 1/255 or 0.0039."""
    numerator, _, denominator = text.partition("/")
    try:
        value = float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise JetSegError(
            f"--scale '{text}': expected a number above 0 that pixels are multiplied with, such as 1/255"
        )
    return value


def _triple(option: str, values: list[float]) -> Triple:
    if not all(map(math.isfinite, values)):
        raise JetSegError(f"{option} {_listed(values)}: expected three finite numbers, red first")
    red, green, blue = values
    return red, green, blue


def _in_255(values: Triple) -> Triple:
    red, green, blue = values
    return 255 * red, 255 * green, 255 * blue


def _listed(values: Triple | list[float]) -> str:
    return "[" + ", ".join(f"{value:g}" for value in values) + "]"
