"""What to replay, with what, and where the results go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.results.regions import Region, parse_regions
from jetseg_core.runtime import RuntimeSettings


@dataclass(frozen=True)
class ReplaySettings:
    """Settings of `replay`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    bag: Path
    """A rosbag2 folder, or one of its storage files."""
    out: Path
    """Folder for bag, video and report."""
    runtime: RuntimeSettings = field(default_factory=RuntimeSettings)
    topics: tuple[str, ...] = ()
    """Image topics to segment; empty = every camera in the bag."""
    labels: str = ""
    """Ground truth: a topic of the bag, or a folder of label images; empty = none."""
    regions: tuple[str, ...] = ()
    """Polygons whose occupancy is reported too, each 'name: x y, x y, x y', 0..1."""
    min_confidence: float = 0.0
    """Pixels with less confidence (softmax maximum, 0..1) are unlabelled; 0 keeps all."""
    overlay_alpha: float = 0.5
    """Share of the class color in the overlay, 0..1."""
    resume: bool = False
    """Whether to go on with an interrupted replay in `out`."""
    overwrite: bool = False
    """Whether an interrupted replay in `out` may be replaced; a finished one always may."""

    def __post_init__(self) -> None:
        for name in ("min_confidence", "overlay_alpha"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise JetSegError(f"--{name.replace('_', '-')}: {value} is not in 0 to 1")
        if self.resume and self.overwrite:
            raise JetSegError("--resume and --overwrite: go on, or start anew; give one of them")
        parse_regions(self.regions)

    @property
    def polygons(self) -> tuple[Region, ...]:
        """The regions, parsed."""
        return parse_regions(self.regions)
