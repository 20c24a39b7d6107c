"""The convenient number of groups of a pointwise convolution (section 2.2)."""

from __future__ import annotations

import math


def convenient_groups(in_channels: int, out_channels: int) -> int:
    """Of the common divisors of both channel counts, the one closest to their mean; on a tie the smaller."""
    common = math.gcd(in_channels, out_channels)
    divisors = [d for d in range(1, common + 1) if common % d == 0]
    mean = sum(divisors) / len(divisors)
    return min(divisors, key=lambda d: (abs(d - mean), d))
