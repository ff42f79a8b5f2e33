"""The peak memory of one call in a fresh process."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from tools.benchmark.contenders import Call, Subject, load

TIDY_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "131072"}  # bytes: glibc's initial threshold, which doesn't adapt when set


class Peak(NamedTuple):
    """The peak memory in MiB: of the whole process, and of the call beyond the imports and the loaded network."""

    whole: float
    call: float


def peak(make: Callable[[Subject], Call], name: str, *, tidy: bool = False) -> Peak:
    """Measure the first call that `make` sets up on the network called `name`, in a process of its own.

    make: a function of a module, or a `partial` of one, so that it can be sent to the process.
    tidy: whether glibc gives larger blocks back as soon as they are freed; those that it keeps leave gaps.
    """
    with patch.dict(os.environ, TIDY_ALLOCATOR if tidy else {}), ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        return fresh.submit(_peak, make, name).result()


def _peak(make: Callable[[Subject], Call], name: str) -> Peak:
    call = make(load(name))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else the call could take what loading has freed, unseen
    memory_before, loading_peak = _memory("VmRSS"), _memory("VmHWM")
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    call()
    peak_after = _memory("VmHWM")
    return Peak(max(loading_peak, peak_after), peak_after - memory_before)


def _memory(kind: str) -> float:
    """Read a number of Linux's own. (By `getrusage` a child has at least what its parent had when it started.)"""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(kind))
    return int(line.split()[1]) / 1024
