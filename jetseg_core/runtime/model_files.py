"""Where models are: a name or a path to the files that hold it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.installed_files import installed_folders

CHECKPOINT_SUFFIX = ".pt"
EXPORTED_SUFFIX = ".onnx"


@dataclass(frozen=True)
class ModelFiles:
    """The two forms of one model; either may be absent."""

    checkpoint: Path | None
    """Weights for torch (``.pt``)."""
    exported: Path | None
    """Inference graph for every other runtime (``.onnx``)."""


def find_model(name_or_path: str) -> ModelFiles:
    """Find a shipped model by its name (``nano_camvid11``), or any by the path of either of its files.

    The other form is expected next to the one named. Names are looked up in ``$JETSEG_MODELS`` and where
    JetSeg was installed.

    Raises:
        JetSegError: nothing is there, or the path is of no model file.
    """
    path = Path(name_or_path).expanduser()
    if path.suffix in (CHECKPOINT_SUFFIX, EXPORTED_SUFFIX):
        if not path.is_file():
            raise JetSegError(
                f"no checkpoint '{name_or_path}' (looked at '{path.absolute()}'): give the path of a .pt "
                f"or .onnx file, or the name of a shipped model: {_shipped()}"
            )
        return _both_forms(path.with_suffix(""))
    if path.name == name_or_path:
        for folder in model_folders():
            files = _both_forms(folder / name_or_path)
            if files.checkpoint or files.exported:
                return files
    raise JetSegError(
        f"no checkpoint '{name_or_path}': give the path of a .pt or .onnx file, or the name of a shipped "
        f"model: {_shipped()}"
    )


def shipped_model_of(preset: str) -> str:
    """Name of the shipped model of a preset; names are ``<preset>_<classes>``.

    Raises:
        JetSegError: there is none, or there are several to choose from.
    """
    found = [name for name in _shipped_names() if name.startswith(f"{preset}_")]
    if len(found) == 1:
        return found[0]
    reason = f"several shipped models of preset '{preset}'" if found else "no shipped model of it"
    raise JetSegError(
        f"preset '{preset}': {reason}; name a checkpoint instead, a file of your own or one of the "
        f"shipped: {_shipped()}"
    )


def model_folders() -> list[Path]:
    """The folders that may hold shipped models, most specific first."""
    named = os.environ.get("JETSEG_MODELS")
    own = [Path(named)] if named and Path(named).is_dir() else []
    return [*own, *installed_folders("models")]


def _both_forms(stem: Path) -> ModelFiles:
    # with_name, not with_suffix: a model's name may hold dots.
    checkpoint = stem.with_name(stem.name + CHECKPOINT_SUFFIX)
    exported = stem.with_name(stem.name + EXPORTED_SUFFIX)
    return ModelFiles(
        checkpoint=checkpoint if checkpoint.is_file() else None,
        exported=exported if exported.is_file() else None,
    )


def _shipped_names() -> list[str]:
    suffixes = (CHECKPOINT_SUFFIX, EXPORTED_SUFFIX)
    return sorted(
        {p.stem for folder in model_folders() for p in folder.iterdir() if p.suffix in suffixes}
    )


def _shipped() -> str:
    return ", ".join(_shipped_names()) or "(none found; set JETSEG_MODELS to their folder)"
