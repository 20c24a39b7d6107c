"""The procedural street scene as a stream: frames and exact labels without any data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.sources.frame import Frame, FrameSource
from jetseg_core.street import StreetScene


class GeneratorSource(FrameSource):
    """A drive through the generated street; every frame has exact labels.

    Args:
        frames: number of frames.
        size: (height, width) of the frames, pixels.
        seed: another seed is another street.
        rate_hz: frames per second of the moving camera.
        classes: class set of the ground truth; without any where it is not that of the street, CAMVID11.

    Raises:
        JetSegError: no frames, or a rate that is not positive.
    """

    def __init__(
        self,
        frames: int = 150,
        size: tuple[int, int] = (360, 480),
        seed: int = 0,
        rate_hz: float = 10.0,
        classes: ClassSet = CAMVID11,
    ) -> None:
        super().__init__()
        if frames < 1:
            raise JetSegError(f"generator: frames={frames}; expected 1 or more")
        if not rate_hz > 0:
            raise JetSegError(
                f"generator: rate={rate_hz:g}; expected more than 0 frames per second"
            )
        self.rate_hz = rate_hz
        self._length = frames
        self._labelled = classes.names == CAMVID11.names
        if not self._labelled:
            self.labels_note = (
                f"the street's labels are not used: they are of camvid11, not of '{classes.name}'"
            )
        self._scene = StreetScene(seed=seed, size=size, rate_hz=rate_hz)
        self.camera_matrix = self._scene.camera(0).intrinsics

    def __len__(self) -> int:
        return self._length

    def frame_name(self, index: int) -> str:
        """Name of the frame of this number, from 0."""
        return f"street_{index:06d}"

    def unread(self) -> Iterator[Callable[[], Frame]]:
        """The frames, each as a call that draws it."""
        return (partial(self._draw, index) for index in range(self._length))

    def _draw(self, index: int) -> Frame:
        assert self.rate_hz is not None
        image, labels = self._scene.render(index)
        return Frame(
            image=image,
            name=self.frame_name(index),
            stamp_ns=round(index * 1e9 / self.rate_hz),
            labels=labels if self._labelled else None,
        )
