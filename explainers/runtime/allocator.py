"""Controls what the C library does with freed memory: hold it while there is work, and release it afterwards."""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress

HELD_TOP = 2**30  # bytes
MIN_TOP = 2**17  # bytes, glibc's own limit
ARENAS = 16  # as many are reached at least, where there are more than one: those of threads from before the first hold


def hold_freed_memory(block: int = 2**30, top: int = HELD_TOP) -> None:
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


def release_tops() -> None:
    """Do the same, and return the free end of every arena's last heap, which `release_freed_memory` leaves out.

    glibc looks at the end of an arena only when a large block of it is freed. So threads that live at the same time,
    each with an arena of its own as far as there are enough, allocate and free one.
    """
    release_freed_memory()
    if "MALLOC_TRIM_THRESHOLD_" in os.environ:
        return
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        all_allocated = threading.Barrier(ARENAS)

        def allocate_and_free() -> None:
            block = library.malloc(2 * MIN_TOP)
            all_allocated.wait()
            library.free(block)

        library.mallopt(-1, MIN_TOP)
        threads = [threading.Thread(target=allocate_and_free, daemon=True) for _ in range(ARENAS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        library.mallopt(-1, HELD_TOP)
