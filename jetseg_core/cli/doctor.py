"""``jetseg doctor``: what works on this machine, what does not, and how to mend it."""

from __future__ import annotations

import argparse

from jetseg_core.runtime import RuntimeSettings


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "doctor",
        help="examine this installation and machine",
        description="One line for each thing examined: ok, warn or fail, and the mend. Exit status 1 if "
        "anything needed fails. `jetseg-doctor` (ros2 run jetseg doctor) examines ROS 2, too.",
    )
    add_doctor_options(parser)
    parser.set_defaults(run=run)


def add_doctor_options(parser: argparse.ArgumentParser) -> None:
    """The options, of `jetseg doctor` and `jetseg-doctor` alike."""
    parser.add_argument(
        "--checkpoint",
        default=RuntimeSettings().checkpoint,
        help="model to try: name of a shipped one, or path of a file (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Examine, print, and exit with the status."""
    from jetseg_core.doctor import examine_core, report

    raise SystemExit(report(examine_core(options.checkpoint), options.json))
