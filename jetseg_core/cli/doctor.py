"""``jetseg doctor``: checks of this installation and machine, with remedies."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from jetseg_core.cli.broken_pipe import quiet_on_broken_pipe
from jetseg_core.cli.options import add_version
from jetseg_core.doctor import Check, examine, report
from jetseg_core.runtime import RuntimeSettings

_DESCRIPTION = "Prints one line for each check: ok, warn or fail, and advice. Exit status 1 if anything needed fails."


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "doctor", help="examine this installation and machine", description=_DESCRIPTION
    )
    _add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Examine, print, and exit with the status."""
    raise SystemExit(report(examine(options.checkpoint), options.json))


@quiet_on_broken_pipe()
def doctor_command(prog: str, more: Mapping[str, Check], arguments: list[str] | None = None) -> int:
    """Run the same command under another name, with more checks by name; return the exit status."""
    parser = argparse.ArgumentParser(prog=prog, description=_DESCRIPTION)
    _add_options(parser)
    add_version(parser)
    options = parser.parse_args(arguments)
    return report(examine(options.checkpoint, more), options.json)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        default=RuntimeSettings().checkpoint,
        help="model to try: name of a shipped one, or path of a file (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
