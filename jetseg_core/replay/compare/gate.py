"""Conditions under which a comparison fails, so that a build can be gated on it."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jetseg_core.errors import JetSegError

GATE_HELP = (
    "a condition on B minus A of a figure in compare.json, such as 'miou<-1.0', 'iou.Road<-2' or 'flicker>1' "
    "(percent points), or 'latency_p50>5' (ms)"
)
_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FORM = re.compile(r"\s*(.+?)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*")


@dataclass(frozen=True)
class Gate:
    """A bound for the difference of a figure."""

    text: str
    figure: str
    sign: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Gate:
        """Read the text of --fail-if.

        Raises:
            JetSegError: the text is not a condition.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise JetSegError(f"--fail-if '{text}': expected {GATE_HELP}")
        return cls(text.strip(), match[1], match[2], float(match[3]))

    def value(self, differences: Mapping[str, float | None]) -> float:
        """The difference that the condition is about.

        Raises:
            JetSegError: the figure is unknown, in general or for these replays; passing would then be wrong.
        """
        if self.figure not in differences:
            raise JetSegError(
                f"--fail-if '{self.text}': no figure '{self.figure}'; there are {', '.join(differences)}"
            )
        value = differences[self.figure]
        if value is None:
            raise JetSegError(
                f"--fail-if '{self.text}': {self.figure} is not known for both; was ground truth given with "
                "--labels?"
            )
        return value

    def fails(self, differences: Mapping[str, float | None]) -> bool:
        """True if the condition holds.

        Raises:
            JetSegError: see `value`.
        """
        return _OPERATORS[self.sign](self.value(differences), self.bound)
