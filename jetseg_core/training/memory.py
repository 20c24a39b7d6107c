"""Keep freed memory in the process while training on a CPU."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h


def keep_freed_memory() -> bool:
    """Tell glibc to reuse large blocks instead of returning them to the system.

    A training step frees and asks again for hundreds of megabytes; faulting them in anew each time costs more
    than the arithmetic. Returns whether the setting took (glibc only; elsewhere nothing changes).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(
        mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, -1) and mallopt(M_TOP_PAD, 256 << 20)
    )
