"""Large blocks that the C library keeps for their next use, rather than hand them back to the system after each.

A block above 32 MiB is mapped anew at each use by default, and its first touch costs a fault for every 4 KiB: 45 ms for the 51 MB
of spikes of a small convolutional net's layer, three times what its neurons take (Linux 6, virtual machine). Kept blocks take a
training step of that net from 245 to 140 ms, and its peak of memory from 738 to 791 MB.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of malloc.h
SWITCH = "MAICHONG_KEEP_MEMORY"


@functools.cache
def keep_large_blocks() -> bool:
    """Tell the GNU C library so, once and for the whole process, unless MAICHONG_KEEP_MEMORY=0; whether it was told."""
    if sys.platform != "linux" or os.environ.get(SWITCH) == "0":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(library.mallopt(MMAP_THRESHOLD, 1 << 30)) and bool(library.mallopt(TRIM_THRESHOLD, (1 << 31) - 1))
