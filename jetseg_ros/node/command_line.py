"""Command line of a node: help, version, and every mistake in it as one line."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from collections.abc import Sequence

from jetseg_core.cli.options import add_version
from jetseg_core.errors import JetSegError, one_line

ROS_ARGUMENTS = """\
ROS arguments come after --ros-args:
  --params-file FILE.yaml      parameters from a file
  -p NAME:=VALUE               one parameter
  -r FROM:=TO                  another name of a topic
  -r __ns:=/NAMESPACE, -r __node:=NAME, --log-level LEVEL
"""

HINTS = {
    "remap rule": "expected FROM:=TO, __ns:=/NAMESPACE or __node:=NAME; names are letters, digits and '_', with '/' "
    "between them, and begin with a letter",
    "-p flag": "expected -p NAME:=VALUE",
    "parameter override": "expected NAME:=VALUE; VALUE is YAML of one type, such as 0.5, true, text or [a, b]",
    "params file": "expected YAML such as /**: {ros__parameters: {NAME: VALUE}}",
    "og directory": "set ROS_LOG_DIR, or HOME, to a folder that can be written",
    "log level": "expected debug, info, warn, error or fatal",
    "DOMAIN_ID": "expected a number, 0 to 101",
    "enclave": "expected a name that begins with '/'",
}
"""Remedies, by words in rcl's errors."""


def node_parser(prog: str, description: str, parameters: type) -> argparse.ArgumentParser:
    """The parser of a node's own arguments: --help, which lists the parameters, and --version.

    Args:
        prog: the command.
        description: of the node.
        parameters: the dataclass that `ParameterMirror` declares.
    """
    lines = [ROS_ARGUMENTS, "parameters, with their defaults:"]
    for item in dataclasses.fields(parameters):
        default = list(item.default) if isinstance(item.default, tuple) else item.default
        declaration = item.metadata["parameter"]
        lines.append(
            f"  {declaration.name}: {json.dumps(default)}\n      {declaration.description}"
        )
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} [-h] [--version] [--ros-args ...]",
        description=description,
        epilog="\n".join(lines).replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_version(parser)
    return parser


def check_own_arguments(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Answer --help and --version, which end the process, and refuse what is not after --ros-args.

    ROS passes over such words in silence, a remap of ROS 1 or a forgotten --ros-args, say.

    Raises:
        JetSegError: a word is neither an option nor a ROS argument.
    """
    own, ours = [], True
    for word in words:
        if word == "--ros-args":
            ours = False
        elif not ours and word == "--":
            ours = True
        elif ours:
            own.append(word)
    _, unknown = parser.parse_known_args(own)
    if unknown:
        rest = one_line(" ".join(unknown), 200)
        raise JetSegError(
            f"unknown arguments: {rest}; ROS arguments come after --ros-args, such as "
            f"{parser.prog} --ros-args -p NAME:=VALUE -r FROM:=TO"
        )


def explain_start(error: Exception) -> str:
    """rclpy's reason for not starting as one line, with a remedy and without the places in rcl's source."""
    text = re.sub(r",? at \S+:\d+", "", str(error))
    text = text.removeprefix("failed to initialize rcl: ").removeprefix(
        "failed to initialize logging: "
    )
    text = re.sub(r"\. Error: (Expected lexeme|error not set)[^']*$", "", text)
    if type(error).__name__ == "UnknownROSArgsError":
        text = f"unknown ROS arguments {text}"
    hints = [hint for words, hint in HINTS.items() if words in text]
    return one_line("; ".join([text or type(error).__name__, *hints[:1]]))
