"""One thing that was looked at, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What was found; anything but ok says how to mend it."""

    name: str
    """What was looked at, in a word or two."""
    state: State
    """ok; warn: it works, but may bite; fail: it does not work."""
    found: str
    """What is the case, in a few words."""
    mend: str = ""
    """What to do about it; empty where all is well."""

    def __str__(self) -> str:
        """One line."""
        advice = f" -> {self.mend}" if self.mend else ""
        return f"{self.state:<5} {self.name:<22} {self.found}{advice}"


def report(findings: Iterable[Finding], as_json: bool) -> int:
    """Print the findings as they come; returns the exit status, 1 if anything failed.

    Args:
        findings: may be a generator, whose checks then run while the earlier ones are read.
        as_json: print one JSON object at the end in place of lines.
    """
    seen = []
    for finding in findings:
        seen.append(finding)
        if not as_json:
            print(finding, flush=True)
    works = all(finding.state != "fail" for finding in seen)
    if as_json:
        print(json.dumps({"works": works, "findings": [asdict(item) for item in seen]}, indent=2))
    return 0 if works else 1
