"""A command whose output goes to a program that ends first, as in ``jetseg info | head -1``."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

STATUS = 128 + signal.SIGPIPE
"""Exit status of a Unix program that is ended for the same reason, as the shell gives it."""


@contextmanager
def ending_with_its_reader() -> Iterator[None]:
    """Around a whole command: end it quietly once nobody reads what it prints.

    Raises:
        SystemExit: with `STATUS`, when standard output or error is a pipe that was closed. Any other broken pipe
            is an error like others and passes.
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
        # What they still hold would be an error once more when the interpreter ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in closed:
            os.dup2(nowhere, stream.fileno())
        raise SystemExit(STATUS) from None


def _is_closed(stream: TextIO) -> bool:
    """Whether the stream is a pipe without a reader."""
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))
