"""Diagnostics of the node, once a second, whether frames come or not."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from jetseg_core.jetson import power_rails, temperatures
from jetseg_core.results.latency import LatencySummary
from jetseg_core.runtime import Runtime
from jetseg_ros.node.frame_slots import Counts

CONFIGURING = "configuring"
"""Label of the state in which the model is loaded."""


class CameraMonitor:
    """Rates and verdict from a camera's counters; `status` is called once a second.

    Args:
        name: of the status.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._before = Counts()
        self._before_s = self._last_frame_s = time.monotonic()

    def status(
        self,
        counts: Counts,
        latency: Mapping[str, LatencySummary],
        *,
        min_rate: float,
        timeout_s: float,
        busy_s: float,
        stale_age_s: float = 0.0,
        max_age_ms: float = 0.0,
        silence: Callable[[], str] = lambda: "",
        wanted: bool = True,
    ) -> DiagnosticStatus:
        """The camera's status since the previous call.

        Args:
            counts: the camera's counters now.
            latency: by stage.
            min_rate: output rate below which to warn, frames per second; 0 = off.
            timeout_s: time without a frame, or with one frame in work, that is an error; 0 = off.
            busy_s: time that the worker has spent on its present frame, seconds.
            stale_age_s: age of the frame dropped last, by the node's clock, seconds.
            max_age_ms: the parameter.
            silence: says why no frame comes; called when none came for `timeout_s`.
            wanted: True if an output has a subscriber.
        """
        now_s = time.monotonic()
        period_s = max(1e-3, now_s - self._before_s)
        rate_in = (counts.received - self._before.received) / period_s
        rate_out = (counts.processed - self._before.processed) / period_s
        failed = counts.failed - self._before.failed
        stale = counts.stale - self._before.stale
        if counts.received != self._before.received:
            self._last_frame_s = now_s
        silent_s = now_s - self._last_frame_s
        self._before, self._before_s = counts, now_s

        if timeout_s and busy_s > timeout_s:
            verdict = DiagnosticStatus.ERROR, f"inference has not come back for {busy_s:.0f} s"
        elif timeout_s and silent_s > timeout_s:
            verdict = DiagnosticStatus.ERROR, f"no frame for {silent_s:.0f} s: {silence()}"
        elif failed:
            verdict = DiagnosticStatus.WARN, f"{failed} frames failed in the last second"
        elif stale and not rate_out:
            verdict = (
                DiagnosticStatus.WARN,
                f"all {stale} frames of the last second were dropped: their stamps are {stale_age_s:.3f} s behind "
                f"the node's clock and max_age_ms is {max_age_ms:g}; check that camera and node use one clock "
                "(use_sim_time), or raise max_age_ms (0 = off)",
            )
        elif not wanted:
            verdict = DiagnosticStatus.OK, "idle: no output has a subscriber"
        elif min_rate and rate_out < min_rate:
            verdict = DiagnosticStatus.WARN, f"{rate_out:.1f} frames/s, under min_rate {min_rate:g}"
        else:
            verdict = DiagnosticStatus.OK, f"{rate_out:.1f} frames/s"
        values = {
            "rate in (Hz)": f"{rate_in:.2f}",
            "rate out (Hz)": f"{rate_out:.2f}",
            "received": counts.received,
            "processed": counts.processed,
            "replaced": counts.replaced,
            "stale": counts.stale,
            "failed": counts.failed,
            "waiting": counts.waiting,
        }
        values |= {f"failed: {reason}": count for reason, count in counts.failures.items()}
        for stage, summary in latency.items():
            values[f"latency {stage} p50 (ms)"] = f"{summary.p50_ms:.2f}"
            values[f"latency {stage} p95 (ms)"] = f"{summary.p95_ms:.2f}"
            values[f"latency {stage} max (ms)"] = f"{summary.max_ms:.2f}"
        return _status(self._name, *verdict, values)


@contextmanager
def reporting(report: Callable[[], None], period_s: float = 1.0) -> Iterator[None]:
    """Report from a thread while the block keeps the executor busy, as loading a model does.

    Args:
        report: publishes the diagnostics.
        period_s: from one report to the next, seconds.
    """
    done = threading.Event()

    def run() -> None:
        while not done.wait(period_s):
            report()

    thread = threading.Thread(target=run, name="jetseg-reporting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def model_status(name: str, state: str, runtime: Runtime | None) -> DiagnosticStatus:
    """Status of the model: model, backend and device in use, and a warning if they are not the requested ones.

    Args:
        name: of the status.
        state: label of the node's lifecycle state.
        runtime: None while the node is not configured.
    """
    values: dict[str, object] = {"state": state, "memory (MiB)": _memory_mib(), **_board()}
    if state == CONFIGURING:
        return _status(name, DiagnosticStatus.WARN, f"{state}: the model is being loaded", values)
    if runtime is None:
        message = f"{state}: no model is loaded; configure and activate the node"
        return _status(name, DiagnosticStatus.WARN, message, values)
    values |= {
        "model": runtime.description.name,
        "checkpoint sha256": runtime.description.sha256,
        "backend": runtime.backend,
        "precision": runtime.precision,
        "device": runtime.device,
        "selection": runtime.selection,
    }
    if runtime.degraded:
        return _status(name, DiagnosticStatus.WARN, runtime.selection, values)
    if state != "active":
        return _status(name, DiagnosticStatus.WARN, f"{state}: activate the node", values)
    return _status(name, DiagnosticStatus.OK, runtime.selection, values)


def _status(
    name: str, level: bytes, message: str, values: Mapping[str, object]
) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=level, name=name, message=message, values=pairs)


def _board() -> dict[str, str]:
    """Power and temperature as a Jetson's rails give them; the keys are there on any machine."""
    rails = power_rails()
    # Other machines have thermal zones, too, but not of the board that computes.
    zones = temperatures() if rails else {}
    power = {f"power {name} (W)": f"{watts:.2f}" for name, watts in rails.items()}
    heat = {f"temperature {name} (C)": f"{degrees:.1f}" for name, degrees in zones.items()}
    return (power or {"power (W)": "unavailable"}) | (heat or {"temperature (C)": "unavailable"})


def _memory_mib() -> int:
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return resident_pages * resource.getpagesize() >> 20
