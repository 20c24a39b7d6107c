"""One long replay in a process of its own, watched from outside."""

from __future__ import annotations

import time
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from jetseg_core.benchmark import describe_processor
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.sources import GeneratorSource
from jetseg_ros.bench_replay.generated_bag import write_street
from jetseg_ros.fleet.crew import Outcome
from jetseg_ros.fleet.processes import ProcessCrew
from jetseg_ros.replay.settings import ReplaySettings

MODEL_FRAMES = 200
_WARM_SHARE = 0.1
"""After this share of the frames the allocators hold what they will hold."""

Measurement = dict[str, Any]


def measure_replay(
    frames: int, size: tuple[int, int], runtime: RuntimeSettings, folder: str = ""
) -> Measurement:
    """Replay a recording of the generated street.

    Args:
        frames: 1 or more.
        size: (height, width) of the recorded images, pixels.
        folder: where the recording and the results are for the time being; "" = the system's temporary folder.

    Returns:
        Rates in frames per second: of the model alone (labels and confidence, before and after the replay), and of the
        replay from its first frame to its last; megabytes of resident memory: after a tenth of the frames, after the
        last one, and at most (making the report included).

    Raises:
        JetSegError: no room on the disk, or the replay failed.
    """
    if frames < 1:
        raise JetSegError(f"--frames: {frames} must be 1 or more")
    with TemporaryDirectory(prefix="jetseg-bench-replay-", dir=folder or None) as there:
        bag = write_street(Path(there) / "drive", frames, size)
        before, selection = _model_rate_hz(runtime, size)
        settings = ReplaySettings(bag=bag, out=Path(there) / "out", runtime=runtime)
        seconds, memory = _watched(settings, frames)
        after, _ = _model_rate_hz(runtime, size)
    model_hz = (before + after) / 2
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


def _model_rate_hz(settings: RuntimeSettings, size: tuple[int, int]) -> tuple[float, str]:
    """Frames per second of the model alone, and what it runs on."""
    images = [frame.image for frame in GeneratorSource(frames=8, size=size)]
    with closing(create_runtime(settings)) as runtime:
        for image in images:
            runtime.segment(image, confidence=True)
        began = time.perf_counter()
        for number in range(MODEL_FRAMES):
            runtime.segment(images[number % len(images)], confidence=True)
        return MODEL_FRAMES / (time.perf_counter() - began), runtime.selection


def _watched(settings: ReplaySettings, frames: int) -> tuple[float, dict[str, float]]:
    """Seconds from the first frame to the last, and the memory."""
    memory = {"warm": 0.0, "end": 0.0, "peak": 0.0}
    done, began, ended = 0, 0.0, 0.0
    with (
        ProcessCrew(size=1, threads=settings.runtime.threads) as crew,
        tqdm(total=frames, desc="replaying", unit="frame", disable=None) as bar,
    ):
        crew.start("drive", settings)
        (process,) = active_children()
        assert process.pid is not None
        while True:
            for _, news in crew.news():
                if isinstance(news, Outcome):
                    if news.error:
                        raise JetSegError(f"the replay failed: {news.error}")
                    return ended - began, memory
                done, ended = news.done, time.perf_counter()
                began = ended if done == 0 else began
                bar.update(done - bar.n)
            now, memory["peak"] = _memory_mb(process.pid, memory["peak"])
            if done < frames:  # not while the report is made
                memory["end"] = now
            if done <= _WARM_SHARE * frames:
                memory["warm"] = now


def _memory_mb(pid: int, peak: float) -> tuple[float, float]:
    """Resident memory of a process, now and at most; 0 and what it was when the process is ending."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    kilobytes = {
        name: value.split()[0]
        for name, _, value in (line.partition(":") for line in lines)
        if value.strip()
    }
    now, highest = (1.024e-3 * int(kilobytes.get(name, 0)) for name in ("VmRSS", "VmHWM"))
    return now, max(peak, highest)
