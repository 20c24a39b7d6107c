"""Models on disk: finding their files, and the description of a model that each file holds."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.installed_files import installed_folders
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.plain_data import check_plain, short
from jetseg_core.runtime.runtime_settings import RuntimeSettings

CHECKPOINT_SUFFIX = ".pt"
EXPORTED_SUFFIX = ".onnx"
METADATA_KEY = "jetseg"
"""Key in the ONNX file's metadata; the value is JSON with the fields of `ModelDescription`."""


@dataclass(frozen=True)
class ModelDescription:
    """Facts on a loaded model.

    Raises:
        JetSegError: a field has another type, or there is not one class for each channel of the logits.
    """

    name: str
    """Name of the checkpoint's file, without suffix."""
    config: ModelConfig | None
    """Preset, kernel combination, number of classes; None for an imported network."""
    classes: ClassSet
    """Names and colors of the class ids."""
    sha256: str
    """Hash of the checkpoint's bytes, or of the file that was imported, in hex."""
    provenance: Mapping[str, object] = field(default_factory=dict)
    """Origin of the weights: data, split, recipe, commit, measured mIoU."""
    input_size: tuple[int, int] | None = None
    """The one (height, width) that the network takes; None = any."""
    class_map: str = ""
    """Name of the map that made these classes of the network's own; empty = they are its own."""

    def __post_init__(self) -> None:
        texts = isinstance(self.name, str) and isinstance(self.sha256, str)
        if not texts or not isinstance(self.provenance, Mapping):
            raise JetSegError(
                f"name {short(self.name)}, sha256 {short(self.sha256)}, provenance {short(self.provenance)}; expected "
                "two texts and an object"
            )
        size = self.input_size
        if size is not None and (len(size) != 2 or not all(type(n) is int and n > 0 for n in size)):
            raise JetSegError(f"input_size {short(size)}; expected height and width")
        config = None if self.class_map else self.config
        if config is not None and config.num_classes != len(self.classes):
            raise JetSegError(
                f"{len(self.classes)} names of classes for a network of {config.num_classes} classes"
            )

    @property
    def preset(self) -> str:
        """Size of the network; "imported" for one of another project."""
        return self.config.preset if self.config else "imported"

    @property
    def combination(self) -> int:
        """Kernel combination; 255 for an imported network, which has none."""
        return self.config.combination if self.config else 255


@dataclass(frozen=True)
class ModelFiles:
    """The two forms of one model; either may be absent."""

    checkpoint: Path | None
    """Weights for torch (``.pt``)."""
    exported: Path | None
    """Inference graph for every other backend (``.onnx``)."""

    def of(self, suffix: str) -> Path | None:
        """The file with this suffix."""
        return self.checkpoint if suffix == CHECKPOINT_SUFFIX else self.exported


def find_model(name_or_path: str) -> ModelFiles:
    """Find a shipped model by its name (``nano_road11``), or any by the path of either of its files.

    The other form is expected next to the one named. Names are looked up in ``$JETSEG_MODELS`` and where
    JetSeg was installed.

    Raises:
        JetSegError: there is no such model, or the path is not that of a model file.
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
    """Name of the shipped model of a preset; names are ``<preset>_<data>``. Of several, the default one counts.

    Raises:
        JetSegError: no shipped model has this preset, or several have it and none is the default.
    """
    found = [name for name in _shipped_names() if name.startswith(f"{preset}_")]
    found = [name for name in found if name == RuntimeSettings.checkpoint] or found
    if len(found) == 1:
        return found[0]
    reason = f"several shipped models of preset '{preset}'" if found else "no shipped model of it"
    raise JetSegError(
        f"preset '{preset}': {reason}; name a checkpoint instead, a file of your own or one of the "
        f"shipped: {_shipped()}"
    )


def read_description(metadata: str | None, path: Path) -> ModelDescription:
    """Parse the description in an exported model's metadata.

    Args:
        metadata: the value under `METADATA_KEY`; None if the key is absent.
        path: the file, for the error.

    Raises:
        JetSegError: the ONNX model was not exported by JetSeg, or its description is damaged.
    """
    if metadata is None:
        raise JetSegError(
            f"'{path}' is an ONNX model, but not one of JetSeg's (no '{METADATA_KEY}' metadata); make one "
            "with `jetseg export`, or of another project's network with `jetseg import`"
        )
    try:
        data = json.loads(metadata)
        check_plain(data, METADATA_KEY)
        config, size = data["config"], data.get("input_size")
        return ModelDescription(
            name=data["name"],
            config=None if config is None else ModelConfig.from_dict(config),
            classes=ClassSet.from_dict(data["classes"]),
            sha256=data["sha256"],
            provenance=data["provenance"],
            input_size=None if size is None else tuple(size),
        )
    # A missing key, another type than an object, text that is not JSON or is nested too deeply for Python.
    except (KeyError, TypeError, ValueError, RecursionError, JetSegError) as error:
        raise JetSegError(
            f"'{path}': its '{METADATA_KEY}' metadata is damaged ({type(error).__name__}: {error!s:.300}); make it "
            "again with `jetseg export`"
        ) from error


def unreadable(path: Path) -> JetSegError:
    """The error for a file that is not an ONNX model."""
    return JetSegError(
        f"'{path}' cannot be read as an ONNX model; make it again with `jetseg export`"
    )


def check_export(files: ModelFiles, exported: ModelDescription) -> None:
    """Raise if the exported form is older than the checkpoint beside it.

    Raises:
        JetSegError: the checkpoint's hash is not the one in the exported form's description.
    """
    if files.checkpoint is None:
        return
    if hashlib.sha256(files.checkpoint.read_bytes()).hexdigest() != exported.sha256:
        raise JetSegError(
            f"'{files.exported}' was exported from another checkpoint than '{files.checkpoint}' is "
            f"now; make it again: jetseg export --checkpoint {files.checkpoint}"
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
