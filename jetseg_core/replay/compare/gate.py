"""Conditions under which a comparison fails, so that a build can be gated on it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jetseg_core.errors import JetSegError

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = re.compile(r"\s*(.+?)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*")
GATE_HELP = (
    "a condition on B minus A, such as 'miou<-1.0' or 'latency_p50>5': miou, pixel_accuracy, flicker and "
    "iou.<class> in percent points, latency_p50 and latency_p95 in milliseconds"
)


@dataclass(frozen=True)
class Gate:
    """A figure that must not be on one side of a bound."""

    text: str
    figure: str
    sign: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Gate:
        """A gate from the text of --fail-if.

        Raises:
            JetSegError: the text is no such condition.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise JetSegError(f"--fail-if '{text}': expected {GATE_HELP}")
        return cls(text.strip(), match[1], match[2], float(match[3]))

    def fails(self, differences: Mapping[str, float | None]) -> bool:
        """Whether the condition holds.

        Raises:
            JetSegError: there is no such figure, or it is not known here: then nothing can be said, and passing
                would be wrong.
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
        return _OPERATORS[self.sign](value, self.bound)
