"""Quiet end of a command whose output pipe is closed early, as in ``jetseg info | head -1``."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

STATUS = 128 + signal.SIGPIPE
"""Exit status that a shell gives for a program ended by SIGPIPE."""


@contextmanager
def quiet_on_broken_pipe() -> Iterator[None]:
    """Context of a whole command: end it quietly once its output pipe is closed.

    Raises:
        SystemExit: with `STATUS`, when standard output or error is a closed pipe. Any other broken pipe is raised.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        closed = [stream for stream in (sys.stdout, sys.stderr) if _is_closed(stream)]
        if not closed:
            raise
        # Otherwise the interpreter fails again when it flushes them at its end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in closed:
            os.dup2(nowhere, stream.fileno())
        raise SystemExit(STATUS) from None


def _is_closed(stream: TextIO) -> bool:
    """True if the stream is a pipe without a reader."""
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))
