"""Settings of a training run in a YAML file."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from jetseg_core.errors import JetSegError
from jetseg_core.training.train_config import TrainConfig


def read_settings(path: Path | None) -> dict[str, Any]:
    """Some fields of `TrainConfig` by name; none without a file.

    Raises:
        JetSegError: no such file, no mapping, an unknown name, or a value of another type.
    """
    if path is None:
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise JetSegError(f"config: '{path}' cannot be read as YAML: {error}") from error
    kinds = {field.name: str(field.type) for field in fields(TrainConfig)}
    if not isinstance(values, dict) or not set(values) <= set(kinds):
        found = sorted(set(values) - set(kinds)) if isinstance(values, dict) else values
        raise JetSegError(
            f"config: '{path}' holds {found!r}; expected a mapping of some of {', '.join(kinds)}"
        )
    for name, value in values.items():
        # A whole number is a float, too; True is an int to Python, but none here.
        fits = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}[kinds[name]]
        if not isinstance(value, fits) or isinstance(value, bool) != (kinds[name] == "bool"):
            raise JetSegError(f"config: {name} in '{path}' is {value!r}; expected {kinds[name]}")
    return values
