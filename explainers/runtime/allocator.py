"""Controls what the C library does with freed memory: hold it while there is work, and release it afterwards."""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress

TOP_VARIABLE, TOP_OPTION = "MALLOC_TRIM_THRESHOLD_", -1  # how many free bytes stay at a heap's end, as in malloc.h
HELD_TOP = 2**30  # bytes
MIN_TOP = 2**17  # bytes, glibc's own
THREADS = 32  # that look at their arenas: twice as many as glibc makes on two cores, for some may share one
PATIENCE = 10.0  # seconds


def hold_freed_memory(block: int = 2**30, top: int = HELD_TOP) -> None:
    """Make glibc hold freed memory, in one arena for all threads, until `release_freed_memory`.

    By default it returns the large blocks of a chunk to the operating system and requests them again, page by page, for
    the next chunk. That takes up to a fifth of the time of a network that computes little on much memory. Environment
    variables of glibc take precedence.

    block: larger blocks, in bytes, are returned at once.
    top:   more free bytes than these at the end of the heap are returned.
    """
    options = {"MALLOC_MMAP_THRESHOLD_": (-3, block), TOP_VARIABLE: (TOP_OPTION, top), "MALLOC_ARENA_MAX": (-8, 1)}
    with suppress(AttributeError, OSError, TypeError):
        for variable, option in options.items():  # option: its number in malloc.h, and its value
            if variable not in os.environ:
                ctypes.CDLL(None).mallopt(*option)


def release_freed_memory() -> None:
    """Return the freed memory that glibc holds to the operating system; with another C library, nothing happens."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def release_tops() -> None:
    """Return the freed memory that glibc holds, and the free ends of the heaps that threads of their own have.

    `release_freed_memory` leaves these ends out: glibc looks at the end of such a heap when a large block of it is
    freed. So threads that live at the same time, and thus come to different heaps, allocate and free one each.
    """
    release_freed_memory()
    if TOP_VARIABLE in os.environ:
        return
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        library.mallopt(TOP_OPTION, MIN_TOP)
        try:
            _allocate_and_free_together(library)
        finally:
            library.mallopt(TOP_OPTION, HELD_TOP)


def _allocate_and_free_together(library: ctypes.CDLL) -> None:
    all_allocated, threads = threading.Barrier(THREADS, timeout=PATIENCE), list[threading.Thread]()

    def allocate_and_free() -> None:
        block = library.malloc(2 * MIN_TOP)
        with suppress(threading.BrokenBarrierError):
            all_allocated.wait()
        library.free(block)

    try:
        for _ in range(THREADS):
            threads.append(threading.Thread(target=allocate_and_free, daemon=True))
            threads[-1].start()
    except RuntimeError:  # there are too many threads already
        threads.pop()
        all_allocated.abort()
    for thread in threads:
        thread.join()
