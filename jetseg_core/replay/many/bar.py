"""One progress bar over all recordings."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tqdm import tqdm

from jetseg_core.replay.many.bags import Bag
from jetseg_core.replay.many.crew import Outcome, Progress


class FleetBar:
    """Shows how much is done, by the recordings' size on the disk, which is known before they are opened."""

    def __init__(self, bags: Sequence[Bag]) -> None:
        self._sizes = {bag.name: bag.size for bag in bags}
        self._shown = dict.fromkeys(self._sizes, 0.0)
        self._frames: dict[str, int] = {}
        self._heard: set[str] = set()
        self._ended = 0
        self._bar = tqdm(
            total=sum(self._sizes.values()),
            unit="B",
            unit_scale=True,
            smoothing=0,  # recordings end and begin, the mean over all of it is steadier
            disable=None,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]{postfix}",
        )
        self._describe()

    def __enter__(self) -> FleetBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, name: str, news: Progress | Outcome) -> None:
        """Show what came of a recording."""
        size, before = self._sizes[name], self._shown[name]
        if isinstance(news, Outcome):
            after = float(size)
            self._ended += 1
        else:
            after = size * news.done / max(1, news.total)
        if name not in self._heard and not self._bar.disable:
            self._bar.initial += (
                after - before
            )  # what earlier runs did tells nothing of the time left
        self._heard.add(name)
        if isinstance(news, Progress):
            self._frames[name] = news.done
        self._shown[name] = after
        self._bar.update(after - before)
        self._describe()

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.write(text, file=sys.stderr)

    def _describe(self) -> None:
        self._bar.set_description_str(
            f"replaying, {self._ended} of {len(self._sizes)} recordings done", refresh=False
        )
        self._bar.set_postfix_str(f"{sum(self._frames.values())} frames", refresh=True)
