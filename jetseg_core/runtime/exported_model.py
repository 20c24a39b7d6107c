"""What the metadata of an exported model say about it."""

from __future__ import annotations

import json
from pathlib import Path

from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.runtime.base import ModelDescription

METADATA_KEY = "jetseg"
"""Of the ONNX file's metadata: JSON with the name, configuration, classes, provenance and checkpoint's hash."""


def unreadable(path: Path) -> JetSegError:
    """The error for a file that is no ONNX model."""
    return JetSegError(
        f"'{path}' cannot be read as an ONNX model; make it anew with `jetseg export`"
    )


def describe(metadata: str | None, path: Path) -> ModelDescription:
    """The description in a file's metadata.

    Args:
        metadata: the value under `METADATA_KEY`, None where there is none.
        path: the file, for the error.

    Raises:
        JetSegError: an ONNX model that is none of JetSeg's.
    """
    if metadata is None:
        raise JetSegError(
            f"'{path}' is an ONNX model, but not one of JetSeg's (no '{METADATA_KEY}' metadata); make one "
            "with `jetseg export`"
        )
    data = json.loads(metadata)
    return ModelDescription(
        name=data["name"],
        config=ModelConfig.from_dict(data["config"]),
        classes=ClassSet.from_dict(data["classes"]),
        sha256=data["sha256"],
        provenance=data["provenance"],
    )
