"""Keep freed memory in the process: to get it from the system again costs more than most work on it."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h


def keep_freed_memory() -> bool:
    """Make glibc reuse large blocks instead of returning them to the system.

    A training step frees and allocates hundreds of megabytes, a node some megabytes with every image; the page faults
    of a training step cost more than its arithmetic. Returns True if the setting took effect (glibc only; elsewhere
    nothing changes).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(
        mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, -1) and mallopt(M_TOP_PAD, 256 << 20)
    )
