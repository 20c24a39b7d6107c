"""The ``jetseg`` command."""

from __future__ import annotations

import argparse
import sys

from jetseg_core.cli import (
    ablate,
    bench,
    bench_replay,
    calibrate,
    compare,
    cross_validate,
    doctor,
    evaluate,
    export,
    import_foreign,
    info,
    predict,
    replay,
    soften,
    train,
)
from jetseg_core.cli.broken_pipe import quiet_on_broken_pipe
from jetseg_core.cli.options import add_version
from jetseg_core.errors import JetSegError, describe_os_error, one_line

COMMANDS = (
    info,
    train,
    cross_validate,
    calibrate,
    soften,
    evaluate,
    predict,
    replay,
    compare,
    export,
    import_foreign,
    bench,
    bench_replay,
    doctor,
    ablate,
)
LONGEST_ERROR = 2000
"""Characters of an error that are printed."""


@quiet_on_broken_pipe()
def main(arguments: list[str] | None = None) -> None:
    """Run ``jetseg COMMAND ...``; an error of the user's or of a file ends it with one line and exit status 2."""
    parser = argparse.ArgumentParser(
        prog="jetseg", description="Real-time semantic segmentation of road scenes."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    for each in (parser, *commands.choices.values()):
        add_version(each)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except BrokenPipeError:
        raise
    except (JetSegError, OSError) as error:
        text = describe_os_error(error) if isinstance(error, OSError) else str(error)
        print(f"jetseg: error: {one_line(text, LONGEST_ERROR)}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
