"""One long replay in a separate process, watched from outside, in turns with the model alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tqdm import tqdm

from jetseg_core.bench.generated_bag import write_street
from jetseg_core.bench.machine import describe_processor, resident_memory_mb
from jetseg_core.errors import JetSegError
from jetseg_core.replay.many.worker_pool import Outcome, ProcessPool
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime
from jetseg_core.sources import GeneratorSource

TURNS = 50
"""Number of times that the replay is held while the model runs alone: the speed of a shared machine varies."""
MODEL_FRAMES = 20
"""Frames of the model in each of its turns."""
WARM_UP = 5
"""Uncounted frames before each turn: threads have slept, and caches hold data of the replay."""
_WARM_SHARE = 0.1
"""Share of the frames after which the allocators have reached their size."""

Measurement = dict[str, Any]


def measure_replay(
    frames: int, size: tuple[int, int], runtime: RuntimeSettings, folder: str = ""
) -> Measurement:
    """Replay a recording of the generated street.

    Args:
        frames: 1 or more.
        size: (height, width) of the recorded images, pixels.
        folder: temporary place of the recording and the results; "" = the system's temporary folder.

    Returns:
        Rates in frames per second: of the model alone (labels and confidence, one frame after another), and of the
        replay from its first frame to its last, without the time for which it was held; megabytes of resident memory:
        after a tenth of the frames, after the last one, and at most (making the report included).

    Raises:
        JetSegError: the disk has no room, or the replay failed.
    """
    if frames < 1:
        raise JetSegError(f"--frames: {frames} must be 1 or more")
    with TemporaryDirectory(prefix="jetseg-bench-replay-", dir=folder or None) as there:
        bag = write_street(Path(there) / "drive", frames, size)
        settings = ReplaySettings(input=bag, out=Path(there) / "out", runtime=runtime)
        images = [frame.image for frame in GeneratorSource(frames=8, size=size)]
        with closing(create_runtime(runtime)) as model:
            _model_seconds(model, images)  # the first ones also prepare the backend
            turns, seconds, memory = _watched(
                settings, frames, lambda: _model_seconds(model, images)
            )
            # A short replay has no time for a turn.
            turns = turns or [_model_seconds(model, images)]
            selection = model.selection
    model_hz = len(turns) * MODEL_FRAMES / sum(turns)
    return {
        "machine": describe_processor(),
        "runtime": selection,
        "frames": frames,
        "image": f"{size[1]}x{size[0]}",
        "model_hz": model_hz,
        "replay_hz": frames / seconds,
        "share": frames / seconds / model_hz,
        "memory_mb": memory,
    }


def format_measurement(found: Measurement) -> str:
    """A measurement as a few lines of text."""
    memory = found["memory_mb"]
    return "\n".join(
        [
            f"{found['machine']}; {found['runtime']}",
            f"{found['frames']} images of {found['image']}",
            f"model alone {found['model_hz']:.1f} frames/s; replay {found['replay_hz']:.1f} frames/s, "
            f"{100 * found['share']:.0f} % of that",
            f"resident memory {memory['warm']:.0f} MB after a tenth, {memory['end']:.0f} MB after all, "
            f"{memory['peak']:.0f} MB at most",
        ]
    )


def _model_seconds(model: Runtime, images: list[np.ndarray]) -> float:
    """Seconds of the model alone for `MODEL_FRAMES` frames, after `WARM_UP` others."""
    began = 0.0
    for number in range(-WARM_UP, MODEL_FRAMES):
        if number == 0:
            began = time.perf_counter()
        _ = model.segment(images[number % len(images)], confidence=True).confidence
    return time.perf_counter() - began


def _watched(
    settings: ReplaySettings, frames: int, take_turn: Callable[[], float]
) -> tuple[list[float], float, dict[str, float]]:
    """Results of the turns; seconds from the first frame to the last without the turns; memory."""
    memory = {"warm": 0.0, "end": 0.0, "peak": 0.0}
    done, began, ended = 0, 0.0, 0.0
    held, held_before_end, turns = 0.0, 0.0, list[float]()
    with (
        ProcessPool(size=1, threads=settings.runtime.threads) as pool,
        tqdm(total=frames, desc="replaying", unit="frame", disable=None) as bar,
    ):
        pool.start("drive", settings)
        (process,) = active_children()
        assert process.pid is not None
        while True:
            for _, news in pool.news():
                if isinstance(news, Outcome):
                    if news.error:
                        raise JetSegError(f"the replay failed: {news.error}")
                    return turns, ended - began - held_before_end, memory
                done, ended, held_before_end = news.done, time.perf_counter(), held
                began = ended if done == 0 else began
                bar.update(done - bar.n)
            if resident := resident_memory_mb(process.pid):
                now, memory["peak"] = resident
                if done < frames:  # not while the report is made
                    memory["end"] = now
                if done <= _WARM_SHARE * frames:
                    memory["warm"] = now
            if len(turns) < TURNS and len(turns) * frames < done * TURNS:
                since = time.perf_counter()
                os.kill(process.pid, signal.SIGSTOP)
                turns.append(take_turn())
                os.kill(process.pid, signal.SIGCONT)
                held += time.perf_counter() - since
