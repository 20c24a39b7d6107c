"""Options that several commands share."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Collection
from dataclasses import MISSING, fields
from typing import Any

from jetseg_core import __version__
from jetseg_core.classes.class_map import shipped_maps
from jetseg_core.data.layouts import known_layouts
from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import PAPER_FORM, ModelConfig
from jetseg_core.picture_decoding import MONO16_BITS
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.geometry import POLICIES
from jetseg_core.runtime.registry import backends, devices, precisions


def add_version(parser: argparse.ArgumentParser) -> None:
    """The option --version, which prints the command and the version, and ends."""
    parser.add_argument(
        "--version",
        action="version",
        version=f"%(prog)s {__version__}",
        help="print the version and end",
    )


def add_runtime_options(parser: argparse.ArgumentParser, checkpoint: bool = True) -> None:
    """Options for the fields of `RuntimeSettings`; without `checkpoint` if the command names models otherwise."""
    default = RuntimeSettings()
    if checkpoint:
        parser.add_argument(
            "--checkpoint",
            default=default.checkpoint,
            help="name of a shipped model, or path of a .pt or .onnx file (default: %(default)s)",
        )
    else:
        parser.set_defaults(checkpoint=default.checkpoint)
    # No `choices`: RuntimeSettings gives the same error for every way to set a value.
    for name, choices in (
        ("backend", backends()),
        ("device", devices()),
        ("precision", precisions()),
    ):
        parser.add_argument(
            f"--{name}", default="auto", help=f"auto, {', '.join(choices)} (default: auto)"
        )
    parser.add_argument(
        "--threads", type=int, default=default.threads, help="CPU threads; 0 = the backend's choice"
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        default=default.input_size,
        help="size of the network's input (default: 360 480)",
    )
    parser.add_argument(
        "--resize",
        default=default.resize,
        help=f"how frames are fitted into it: {', '.join(POLICIES)} (default: %(default)s)",
    )


def add_map_option(parser: argparse.ArgumentParser) -> None:
    """The option for class maps, which `runtime_settings` reads."""
    parser.add_argument(
        "--map", action="append", default=[], metavar="MAP",
        help=f"measure a model of other classes in the target's: {', '.join(shipped_maps())}, or a YAML file, see "
        "docs/import.md; several times for several models",
    )  # fmt: skip


def add_mono16_option(
    parser: argparse.ArgumentParser, default: int | None = MONO16_BITS, shown: str = "16"
) -> None:
    """The option for cameras of fewer than 16 bits; `shown` is the default in words."""
    parser.add_argument(
        "--mono16-bits", type=int, default=default, metavar="BITS",
        help="bits in use of each value of 16-bit images (mono16, rgb16, bayer_*16 and the like, PNG, TIFF), the low "
        "ones, 8 to 16; 12 for a camera of 12 bits that does not shift them up, as the node's input.mono16_bits "
        f"(default: {shown})",
    )  # fmt: skip


def runtime_settings(options: argparse.Namespace) -> RuntimeSettings:
    """The settings read by `add_runtime_options`; a backend that is named must be available."""
    return RuntimeSettings(
        checkpoint=options.checkpoint,
        backend=options.backend,
        device=options.device,
        precision=options.precision,
        threads=options.threads,
        strict_backend=options.backend != "auto",
        input_size=(options.size[0], options.size[1]),
        resize=options.resize,
        class_maps=tuple(getattr(options, "map", ())),
    )


def add_field_options(
    parser: argparse._ActionsContainer, config: object, skip: Collection[str] = ()
) -> None:
    """Add an option for each field of a dataclass; `given_fields` reads them.

    The field's metadata may hold `help`, `choices` (listed in the help; the dataclass itself refuses other values)
    and `metavar`. A tuple is text with commas, which the dataclass must read.

    Args:
        config: the dataclass, or an instance whose values are shown as defaults.
        skip: names of fields without an option.
    """
    for setting in fields(config):  # type: ignore[arg-type]
        if setting.name in skip:
            continue
        default = getattr(config, setting.name, MISSING)
        text = setting.metadata.get("help", "")
        if choices := setting.metadata.get("choices"):
            text += f": {', '.join(choices)}"
        if default is not MISSING:
            shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
            text += f" (default: {shown})" if shown else ""
        reader: dict[str, Any] = {"metavar": setting.metadata.get("metavar")}
        if isinstance(default, bool):
            reader = {"action": argparse.BooleanOptionalAction}
        elif isinstance(default, int | float):
            reader["type"] = type(default)
        parser.add_argument(
            f"--{setting.name.replace('_', '-')}",
            **reader,
            required=default is MISSING,
            default=argparse.SUPPRESS,  # Distinguishes options that were given from those that were not.
            help=text.replace("%", "%%"),
        )


def given_fields(options: argparse.Namespace, config: type) -> dict[str, Any]:
    """Values of those options of `add_field_options` that were given, by field name."""
    return {
        setting.name: getattr(options, setting.name)
        for setting in fields(config)
        if hasattr(options, setting.name)
    }


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the fields of `ModelConfig` as options, except for the number of classes."""
    group = parser.add_argument_group(
        "network",
        "Without these options: the network that ships. With any of them: the paper's, changed by those given.",
    )
    add_field_options(group, PAPER_FORM, skip=("num_classes",))


def model_config(options: argparse.Namespace, num_classes: int) -> ModelConfig:
    """The configuration that `add_model_options` read."""
    given = given_fields(options, ModelConfig)
    base = PAPER_FORM if given else ModelConfig()
    return base.updated({**given, "num_classes": num_classes})


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """The option for the root folder of the data set."""
    parser.add_argument(
        "--data",
        default=os.environ.get("JETSEG_CAMVID", ""),
        help=f"root folder of the data set: {known_layouts()}; see docs/data.md (default: $JETSEG_CAMVID)",
    )


def data_folder(options: argparse.Namespace) -> str:
    """The folder read by `add_data_option`.

    Raises:
        JetSegError: none was given.
    """
    if not options.data:
        raise JetSegError("no data set: name its folder with --data, or set JETSEG_CAMVID")
    return str(options.data)


def read_size(text: str, option: str) -> tuple[int, int]:
    """(height, width) of a size such as 640x480, width first, as camera drivers write it.

    Raises:
        JetSegError: the text is not a size.
    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if match is None:
        raise JetSegError(
            f"{option}: '{text}' is not a size; expected width x height, as in 640x480"
        )
    return int(match[2]), int(match[1])
