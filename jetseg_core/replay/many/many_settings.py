"""Which recordings to replay, how, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.replay.run.replay_settings import ReplaySettings


@dataclass(frozen=True)
class FleetSettings:
    """Settings of `replay_fleet_with_report`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    paths: tuple[Path, ...]
    """Recordings, and folders that hold recordings at any depth."""
    each: ReplaySettings
    """What holds for every recording; `out` is the folder of the whole, `bag` is not used."""
    workers: int = 0
    """Recordings at the same time; 0 = one, or with Ray as many as the cluster has room for."""
    ray: str = ""
    """Address of a Ray cluster, `auto` (the one that is running) or `local` (one of its own, on this machine);
    empty = processes on this machine."""

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise JetSegError(f"--workers: {self.workers} must be 1 or more recordings at a time")
