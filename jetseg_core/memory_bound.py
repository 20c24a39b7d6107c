"""A bound on the memory that a model may take while it is loaded: a few bytes of ONNX can stand for a huge tensor.

Any of its operators can make one, such as ConstantOfShape, Expand, Tile or the sum of a column and a row, so the bound
is the operating system's: an allocation beyond it fails at once, before memory is touched.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jetseg_core.errors import JetSegError

SHARE = 0.75
"""Part of the free memory that a model may take."""
_REFUSALS = re.compile(
    r"bad_alloc|bad allocation|failed to allocate|unable to allocate|out of memory", re.IGNORECASE
)
"""Words of runtimes for an allocation that failed; their exceptions share no base class."""
_GROUP = Path("/sys/fs/cgroup")
_loading = threading.RLock()
"""The limit is the whole process's, so that models are loaded one after another."""


@contextmanager
def bounded_memory(name: str) -> Iterator[None]:
    """Let allocations fail that take the process beyond `SHARE` of the memory that is free now; Linux only.

    Not for work with CUDA, whose driver reserves addresses for more memory than there is.

    Args:
        name: of what is loaded, for the error.

    Raises:
        JetSegError: an allocation failed.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    with _loading:
        most = int(SHARE * _free_bytes())
        before = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = _kilobytes(Path("/proc/self/status"), "VmData") * 1024 + most
        known = [limit for limit in (*before, wanted) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min(known), before[1]))
        try:
            yield
        except Exception as error:
            if not _is_refusal(error):
                raise
            raise JetSegError(
                f"'{name}' wants more than {most / 1e9:.1f} GB of memory ({100 * SHARE:.0f} % of what is free): one of "
                "its operators makes a huge tensor, or its input is too large; check the file, take a smaller input, "
                "or free memory"
            ) from error
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, before)


def _is_refusal(error: BaseException | None) -> bool:
    """True if an error, or one that it was raised from, is of an allocation that failed."""
    while error is not None:
        if isinstance(error, MemoryError) or _REFUSALS.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _free_bytes() -> int:
    """Memory that can be had without taking it from others, by the machine and by a container's limit."""
    free = _kilobytes(Path("/proc/meminfo"), "MemAvailable") * 1024
    try:
        limit, used = (int((_GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        stat = (_GROUP / "memory.stat").read_text()
    except (OSError, ValueError):  # no container, or none with a limit ("max")
        return free
    # Files that are kept in memory count as used there, and make room when it is wanted.
    cached = re.search(r"^file (\d+)$", stat, re.MULTILINE)
    used -= int(cached[1]) if cached else 0
    return min(free, max(0, limit - used))


def _kilobytes(file: Path, key: str) -> int:
    """A line ``KEY:  NUMBER kB`` of a file in /proc."""
    found = re.search(rf"^{key}:\s+(\d+) kB", file.read_text(), re.MULTILINE)
    assert found is not None, f"{file} has no {key}"
    return int(found[1])
