"""Freed memory: kept for the next chunk while there is work, returned to the machine when there is none."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress


def hold_freed_memory(block: int = 2**30, top: int = 2**30) -> None:
    """Let glibc keep freed memory, in one place for all threads, until `release_freed_memory`.

    By itself it returns a chunk's large blocks to the machine and asks for them again, page by page, in the next one,
    which takes up to a fifth of the time of a network that computes little on much memory. Variables of the environment
    that say otherwise are respected.

    block, top: bytes; larger blocks go back at once, and more than that at the end of the heap.
    """
    numbers = {"MALLOC_MMAP_THRESHOLD_": (-3, block), "MALLOC_TRIM_THRESHOLD_": (-1, top), "MALLOC_ARENA_MAX": (-8, 1)}
    with suppress(AttributeError, OSError, TypeError):
        for variable, setting in numbers.items():  # as malloc.h numbers them
            if variable not in os.environ:
                ctypes.CDLL(None).mallopt(*setting)


def release_freed_memory() -> None:
    """Return freed memory to the machine, which the C library keeps; only glibc can be asked."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
