"""The parameters of the segmentation node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import PRESETS
from jetseg_core.picture_decoding import FEWEST_MONO16_BITS, MAX_PIXELS, MONO16_BITS
from jetseg_core.results.class_mask import check_class_names, parse_autoware
from jetseg_core.results.regions import Region, parse_regions
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.model_files import shipped_model_of
from jetseg_core.runtime.registry import backends, devices, precisions
from jetseg_ros.node.parameter_mirror import Applies, parameter


def _quoted(choices: Iterable[str]) -> str:
    return ", ".join(f"'{choice}'" for choice in choices)


_RUNTIME = RuntimeSettings()
LONGEST_PREFIX = 150
"""Largest number of characters of a camera's prefix; DDS takes topics of 255."""
_PREFIX = re.compile(r"(/?[A-Za-z]\w*(/[A-Za-z]\w*)*)?", re.ASCII)


@dataclass(frozen=True)
class SegmentationParameters:
    """All parameters of `SegmentationNode`; see the descriptions for meaning and units.

    Raises:
        JetSegError: a value is outside its choices or range; the message names the parameter.
    """

    checkpoint: str = parameter(
        _RUNTIME.checkpoint,
        "Model to run: name of a shipped one, or path of a .pt or .onnx file.",
        name="model.checkpoint",
        applies=Applies.CONFIGURE,
    )
    preset: str = parameter(
        "",
        "Size of the network: 'nano', 'agx' or 'workstation' runs the shipped model of that size "
        "whatever model.checkpoint says; '' runs model.checkpoint.",
        name="model.preset",
        applies=Applies.CONFIGURE,
    )
    combination: int = parameter(
        -1,
        "Kernel combination, 0 to 6, that the model must have; -1 = any.",
        name="model.combination",
        applies=Applies.CONFIGURE,
        minimum=-1,
        maximum=6,
    )
    backend: str = parameter(
        _RUNTIME.backend,
        f"Inference backend: {_quoted(backends())}, or 'auto' for the fastest that is installed.",
        name="runtime.backend",
        applies=Applies.CONFIGURE,
    )
    device: str = parameter(
        _RUNTIME.device,
        f"Where to run: {_quoted(devices())}, or 'auto'.",
        name="runtime.device",
        applies=Applies.CONFIGURE,
    )
    precision: str = parameter(
        _RUNTIME.precision,
        f"Arithmetic: {_quoted(precisions())}, or 'auto' for the fastest that the device has.",
        name="runtime.precision",
        applies=Applies.CONFIGURE,
    )
    threads: int = parameter(
        _RUNTIME.threads,
        "CPU threads of the backend; 0 leaves the number to it.",
        name="runtime.threads",
        applies=Applies.CONFIGURE,
        minimum=0,
        maximum=1024,
    )
    strict_backend: bool = parameter(
        _RUNTIME.strict_backend,
        "True: a backend that is not available is an error. False: another one runs, with a "
        "warning.",
        name="runtime.strict_backend",
        applies=Applies.CONFIGURE,
    )
    cache_dir: str = parameter(
        _RUNTIME.cache_dir,
        "Folder for compiled engines, which take minutes to make; '' = jetseg in the user's cache "
        "folder.",
        name="runtime.cache_dir",
        applies=Applies.CONFIGURE,
    )
    transport: str = parameter(
        "raw",
        "What to subscribe to: 'raw' (sensor_msgs/Image on <camera>/image) or 'compressed' "
        "(sensor_msgs/CompressedImage on <camera>/image/compressed).",
        name="input.transport",
        applies=Applies.CONFIGURE,
    )
    input_size: tuple[int, ...] = parameter(
        _RUNTIME.input_size,
        "Size of the network's input as [height, width] in pixels.",
        name="input.size",
        applies=Applies.CONFIGURE,
    )
    resize: str = parameter(
        _RUNTIME.resize,
        "How images are fitted into the network's input: 'stretch', 'letterbox' (all of the image, "
        "its aspect ratio kept) or 'crop' (the middle of the image; what is outside is labelled "
        "255, unlabelled).",
        name="input.resize",
        applies=Applies.CONFIGURE,
    )
    mono16_bits: int = parameter(
        MONO16_BITS,
        "Bits in use of each value of mono16, rgb16, bayer_*16 and the like, the low ones; 12 for a camera of 12 bits "
        "that does not shift them up.",
        name="input.mono16_bits",
        minimum=FEWEST_MONO16_BITS,
        maximum=MONO16_BITS,
    )
    max_pixels: int = parameter(
        MAX_PIXELS,
        "Largest compressed image that is decoded, pixels by its header; others count as faulty.",
        name="input.max_pixels",
        minimum=1,
        maximum=2**40,
    )
    output_size: str = parameter(
        "source",
        "Size of all outputs: 'source' (the input image's) or 'network' (the network's input).",
        name="output.size",
    )
    min_confidence: float = parameter(
        0.0,
        "Pixels with less confidence (softmax maximum, 0..1) are labelled 255, unlabelled; 0 keeps "
        "all.",
        name="output.min_confidence",
        minimum=0.0,
        maximum=1.0,
    )
    overlay_alpha: float = parameter(
        0.5,
        "Share of the class color in the overlay, 0..1.",
        name="output.overlay_alpha",
        minimum=0.0,
        maximum=1.0,
    )
    mask_classes: tuple[str, ...] = parameter(
        ("",),
        "Classes of segmentation/mask, compared without regard to case, such as ['Pedestrian', 'Bicyclist']; [''] = "
        "no mask is published.",
        name="output.mask_classes",
        applies=Applies.CONFIGURE,
    )
    mask_value: int = parameter(
        255,
        "Value of those classes' pixels in segmentation/mask, 1 or 255; all others are 0.",
        name="output.mask_value",
        minimum=1,
        maximum=255,
    )
    autoware_classes: tuple[str, ...] = parameter(
        ("",),
        "Autoware's class for classes in segmentation/autoware, each 'CLASS: AUTOWARE_CLASS'; [''] = the shipped ones "
        "for camvid11 and cityscapes19. What has none is UNKNOWN.",
        name="output.autoware_classes",
        applies=Applies.CONFIGURE,
    )
    cameras: tuple[str, ...] = parameter(
        ("",),
        "Topic prefix of each camera, as in <camera>/image, relative to the node or, with a slash in front, absolute; "
        "[''] or [] is one camera without prefix.",
        name="cameras",
        applies=Applies.CONFIGURE,
    )
    regions: tuple[str, ...] = parameter(
        ("",),
        "Polygons whose occupancy is reported too, each 'name: x y, x y, x y' with corners "
        "relative to image width and height (0..1); up to 32 of up to 1000 corners; [''] or [] = none.",
        name="regions",
    )
    max_age_ms: float = parameter(
        0.0,
        "Frames whose stamp is older than this when their turn comes are dropped, milliseconds; 0 "
        "= off.",
        name="max_age_ms",
        minimum=0.0,
        maximum=3.6e6,
    )
    min_rate: float = parameter(
        0.0,
        "Diagnostics warn when a camera's output falls under this rate, frames per second; 0 = "
        "off.",
        name="min_rate",
        minimum=0.0,
        maximum=1000.0,
    )
    timeout_s: float = parameter(
        5.0,
        "Diagnostics report an error when a camera sent no frame for this long, seconds; 0 = off.",
        name="timeout_s",
        minimum=0.0,
        maximum=3600.0,
    )
    autostart: bool = parameter(
        True,
        "True: configure and activate at start. False: wait for a lifecycle manager.",
        name="autostart",
        applies=Applies.START,
    )

    def __post_init__(self) -> None:
        _one_of("model.preset", self.preset, ("", *PRESETS))
        _one_of("input.transport", self.transport, ("raw", "compressed"))
        _one_of("output.size", self.output_size, ("source", "network"))
        if len(self.input_size) != 2:
            raise JetSegError(
                f"input.size is {list(self.input_size)}; expected [height, width] in pixels"
            )
        bad = [
            prefix
            for prefix in self.cameras
            if len(prefix) > LONGEST_PREFIX or not _PREFIX.fullmatch(prefix)
        ]
        if bad or not self.cameras or len(set(self.cameras)) != len(self.cameras):
            raise JetSegError(
                f"cameras is {list(self.cameras)}; expected different topic prefixes such as "
                "['front', 'rear'], made of letters, digits, '_' and '/', "
                f"of at most {LONGEST_PREFIX} characters"
            )
        if self.mask_value not in (1, 255):
            raise JetSegError(f"output.mask_value is {self.mask_value}; expected 1 or 255")
        parse_autoware("output.autoware_classes", self.autoware_classes)
        parse_regions(self.regions)
        self.runtime_settings()

    @property
    def masked(self) -> tuple[str, ...]:
        """The classes of the mask; empty = there is none."""
        return tuple(name for name in self.mask_classes if name)

    def check_classes(self, names: Sequence[str]) -> None:
        """Raise if a parameter names a class that is not among these names of the model's.

        Raises:
            JetSegError: names the parameter, and lists the model's classes.
        """
        check_class_names("output.mask_classes", self.masked, names)
        given = parse_autoware("output.autoware_classes", self.autoware_classes)
        check_class_names("output.autoware_classes", list(given), names)

    @property
    def polygons(self) -> tuple[Region, ...]:
        """The regions, parsed."""
        return parse_regions(self.regions)

    def runtime_settings(self) -> RuntimeSettings:
        """Settings of the runtime."""
        height, width = self.input_size
        return RuntimeSettings(
            checkpoint=shipped_model_of(self.preset) if self.preset else self.checkpoint,
            backend=self.backend,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
            strict_backend=self.strict_backend,
            input_size=(height, width),
            resize=self.resize,
            cache_dir=self.cache_dir,
        )


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        expected = " or ".join(f"'{choice}'" for choice in choices)
        raise JetSegError(f"{name} is '{value}'; expected {expected}")
