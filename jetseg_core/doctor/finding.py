"""The list of checks, and the report of their findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from typing import Literal

State = Literal["ok", "warn", "fail"]
ENTRY_POINTS = "jetseg.doctor_checks"
"""Entry point group of further checks, which installed packages bring along."""


@dataclass(frozen=True)
class Finding:
    """Result of one check, with advice unless it is ok."""

    name: str
    """Subject of the check, in a word or two."""
    state: State
    """ok; warn: it works, but may cause trouble; fail: it does not work."""
    found: str
    """The facts, in a few words."""
    remedy: str = ""
    """Advice; empty if the state is ok."""

    def to_json(self) -> dict[str, str]:
        """The fields as an object; the key of the remedy is that of earlier versions."""
        return {"name": self.name, "state": self.state, "found": self.found, "mend": self.remedy}

    def __str__(self) -> str:
        """One line."""
        advice = f" -> {self.remedy}" if self.remedy else ""
        return f"{self.state:<5} {self.name:<22} {self.found}{advice}"


Check = Callable[[str], Iterable[Finding]]
"""Takes the checkpoint to try: name of a shipped model, or path of a .pt or .onnx file."""


def examine(checkpoint: str, more: Mapping[str, Check] | None = None) -> Iterator[Finding]:
    """Run the core's checks, then those of the entry points, then more.

    Args:
        checkpoint: name of a shipped model, or path of a .pt or .onnx file.
        more: further checks by name; each replaces the entry point of its name.
    """
    from jetseg_core.doctor.core_checks import examine_core

    checks: dict[str, Check] = {"core": examine_core}
    # Not entry_points(): of packages with one name it asks the first, in a workspace that of the messages, jetseg too.
    entries = {
        (entry.name, entry.value): entry
        for package in distributions()
        for entry in package.entry_points
        if entry.group == ENTRY_POINTS
    }
    for entry in entries.values():
        try:
            checks[entry.name] = entry.load()
        except Exception as error:  # a broken package raises anything
            yield Finding(f"{entry.name} checks", "warn", f"left out ({error})", "install it again")
    for check in (checks | dict(more or {})).values():
        yield from check(checkpoint)


def report(findings: Iterable[Finding], as_json: bool) -> int:
    """Print the findings as they come; return the exit status, 1 if anything failed.

    Args:
        findings: may be a generator, whose checks then run one after another while the lines are printed.
        as_json: print one JSON object at the end instead of lines.
    """
    seen = []
    for finding in findings:
        seen.append(finding)
        if not as_json:
            print(finding, flush=True)
    works = all(finding.state != "fail" for finding in seen)
    if as_json:
        print(json.dumps({"works": works, "findings": [item.to_json() for item in seen]}, indent=2))
    return 0 if works else 1
