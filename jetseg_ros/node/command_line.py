"""Command line of a node: help, version, and one line for every mistake in it and in its parameter files."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import rclpy
import yaml
from rclpy.context import Context
from rclpy.logging import LoggingSeverity, get_logger_effective_level, set_logger_level

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

HIGHEST_DOMAIN = 232
"""Above it there are no ports."""

PARAMETERS = "ros__parameters"
EXPECTED = f"expected a section '/**:' or one of the node's name, with {PARAMETERS} below it"


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
    """Answer --help and --version, which end the process, and refuse words before --ros-args.

    ROS ignores such words silently: a remap of ROS 1, or after a forgotten --ros-args.

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


def initialise(words: list[str], context: Context | None = None) -> None:
    """Initialise rclpy.

    Args:
        words: command line without the program's name.
        context: to be initialised; None = the process's.

    Raises:
        JetSegError: rclpy's reason for not starting, as one line.
    """
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    if not domain.isdecimal() or int(domain) > HIGHEST_DOMAIN:  # Fast DDS says it in several lines
        raise JetSegError(f"ROS_DOMAIN_ID is '{domain}'; expected a number, 0 to 101")
    log_folder = os.environ.get("ROS_LOG_DIR") or os.environ.get("ROS_HOME") or "~"
    if log_folder.startswith("~") and not os.environ.get("HOME"):  # rcl says it in several lines
        raise JetSegError("HOME is not set, so there is no log folder; set HOME or ROS_LOG_DIR")
    # rcl logs a line of its own before its error.
    set_logger_level("rcl", LoggingSeverity.FATAL)
    try:
        rclpy.init(args=words, context=context)
    except (RuntimeError, ValueError) as error:
        raise JetSegError(f"ROS 2 does not start: {_explain(error)}") from error
    finally:
        if get_logger_effective_level("rcl") == LoggingSeverity.FATAL:
            set_logger_level("rcl", LoggingSeverity.UNSET)


def _explain(error: Exception) -> str:
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


class _Loader(yaml.BaseLoader):
    """YAML loader that ignores tags, as ROS does (launch writes Python's), and refuses aliases, as ROS does."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"line {self.peek_event().start_mark.line + 1}: an alias")
        return super().compose_node(parent, index)


def given_files(words: Sequence[str]) -> list[Path]:
    """The parameter files of a node's command line.

    Args:
        words: without the program's name.
    """
    files, in_ros_arguments = [], False
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        in_ros_arguments = word == "--ros-args" or (in_ros_arguments and word != "--")
        if in_ros_arguments and word == "--params-file" and following:
            files.append(Path(following))
    return files


def sections(file: Path) -> list[str]:
    """Names of the nodes that a parameter file is for, wildcards included, such as /** or front/jetseg.

    Raises:
        JetSegError: the file is missing, cannot be read, is no YAML, or has no section with parameters.
    """
    if not file.exists():
        raise JetSegError(f"parameter file '{file}' is not there; give the path of a YAML file")
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise JetSegError(f"parameter file '{file}' cannot be read: {error.strerror}") from error
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # ValueError: not text
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error or type(error).__name__
        where = f"line {mark.line + 1}: " if mark else ""
        raise JetSegError(
            f"parameter file '{file}' is not YAML ({where}{one_line(str(problem), 200)}); {EXPECTED}"
        ) from error
    found = list(_sections(content, ""))
    if not found:
        raise JetSegError(f"parameter file '{file}' has no parameters of a node; {EXPECTED}")
    return found


def _sections(content: Any, prefix: str) -> Iterator[str]:
    if not isinstance(content, dict):
        return
    for key, value in content.items():
        name = f"{prefix}/{str(key).strip('/')}"
        if isinstance(value, dict) and PARAMETERS in value:
            yield name
        elif key != PARAMETERS:
            yield from _sections(value, name)


def check_file(file: Path, node: str) -> None:
    """Raise if a parameter file has nothing for a node.

    Args:
        file: a parameter file.
        node: full name, such as /front/jetseg.

    Raises:
        JetSegError: see `sections`; or none of them is of this node.
    """
    names = sections(file)
    if not any(_pattern(name).fullmatch(node) for name in names):
        found = one_line(", ".join(names), 200)
        raise JetSegError(
            f"parameter file '{file}' has nothing for the node {node}, only for {found}; {EXPECTED}"
        )


def _pattern(section: str) -> re.Pattern[str]:
    """Pattern of the full names that a section is for: * is one part of a name, ** any number of them."""
    parts = (part for part in section.split("/") if part)
    wild = {"*": r"/\w+", "**": r"(/\w+)*"}
    return re.compile("".join(wild.get(part, f"/{re.escape(part)}") for part in parts), re.ASCII)
