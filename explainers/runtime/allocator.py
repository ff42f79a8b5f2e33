"""Controls what the C library does with freed memory: hold it while there is work, and release it afterwards."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress


def hold_freed_memory(block: int = 2**30, top: int = 2**30) -> None:
    """Make glibc hold freed memory, in one arena for all threads, until `release_freed_memory`.

    By default it returns the large blocks of a chunk to the operating system and requests them again, page by page, for
    the next chunk. That takes up to a fifth of the time of a network that computes little on much memory. Environment
    variables of glibc take precedence.

    block: larger blocks, in bytes, are returned at once.
    top:   more free bytes than these at the end of the heap are returned.
    """
    options = {"MALLOC_MMAP_THRESHOLD_": (-3, block), "MALLOC_TRIM_THRESHOLD_": (-1, top), "MALLOC_ARENA_MAX": (-8, 1)}
    with suppress(AttributeError, OSError, TypeError):
        for variable, option in options.items():  # option: its number in malloc.h, and its value
            if variable not in os.environ:
                ctypes.CDLL(None).mallopt(*option)


def release_freed_memory() -> None:
    """Return the freed memory that glibc holds to the operating system; with another C library, nothing happens."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
