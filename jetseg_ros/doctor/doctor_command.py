"""The command itself."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from jetseg_core.cli.broken_pipe import quiet_on_broken_pipe
from jetseg_core.cli.doctor import add_doctor_options
from jetseg_core.doctor import Finding, examine_core, report
from jetseg_ros.doctor.installation import examine_installation
from jetseg_ros.doctor.middleware import examine_environment


@quiet_on_broken_pipe()
def main(args: list[str] | None = None) -> int:
    """Examine and print; returns the exit status, 1 if anything needed fails."""
    parser = argparse.ArgumentParser(
        prog="jetseg-doctor",
        description="One line for each thing examined: ok, warn or fail, and the mend. Exit status 1 if "
        "anything needed fails.",
    )
    add_doctor_options(parser)
    options = parser.parse_args(args)
    return report(_examine(options.checkpoint), options.json)


def _examine(checkpoint: str) -> Iterator[Finding]:
    yield from examine_core(checkpoint)
    works = True
    for finding in examine_installation(os.environ):
        works = works and finding.state != "fail"
        yield finding
    yield from examine_environment(os.environ)
    if works:
        from jetseg_ros.doctor.exchange import examine_exchange

        yield examine_exchange()
