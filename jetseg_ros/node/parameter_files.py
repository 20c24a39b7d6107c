"""Parameter files, checked before ROS reads them: it passes over files that hold nothing for a node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from jetseg_core.errors import JetSegError, one_line

PARAMETERS = "ros__parameters"
EXPECTED = f"expected a section '/**:' or one of the node's name, with {PARAMETERS} below it"


class _Loader(yaml.SafeLoader):
    """Without aliases, which ROS refuses, too; nested ones take for ever to walk."""

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
    """Names of the nodes that a parameter file is for, with wildcards as they stand there, such as /** or front/jetseg.

    Raises:
        JetSegError: the file is not there, cannot be read, is no YAML, or has no section with parameters.
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
    ) as error:  # ValueError: bytes, dates, numbers
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
    """Refuse a parameter file that has nothing for a node.

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
    """Of the full names that a section is for: * is one part of a name, ** any number of them."""
    parts = (part for part in section.split("/") if part)
    wild = {"*": r"/\w+", "**": r"(/\w+)*"}
    return re.compile("".join(wild.get(part, f"/{re.escape(part)}") for part in parts), re.ASCII)
