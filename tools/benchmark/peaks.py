"""How much memory one call takes, in a fresh process."""

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

TIDY = {"MALLOC_MMAP_THRESHOLD_": "131072"}  # glibc's own at the start, but fixed


class Peak(NamedTuple):
    """MiB at most: of the whole process, and of the call alone, beyond the imports and the loaded network."""

    whole: float
    call: float


def peak(make: Callable[[Subject], Call], name: str, *, tidy: bool = False) -> Peak:
    """What the call that `make` sets up takes on the network called `name`, the first time and in a process of its own.

    make: a function of a module, or a `partial` of one, so that it can be sent.
    tidy: whether glibc gives larger blocks back as soon as they are freed. Kept ones leave gaps, which add up.
    """
    with patch.dict(os.environ, TIDY if tidy else {}), ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        return fresh.submit(_peak, make, name).result()


def _peak(make: Callable[[Subject], Call], name: str) -> Peak:
    call = make(load(name))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what loading has freed would else hide what the call takes
    start, loading = _memory("VmRSS"), _memory("VmHWM")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    call()
    highest = _memory("VmHWM")
    return Peak(max(loading, highest), highest - start)


def _memory(kind: str) -> float:
    """Linux's own count. (`getrusage` gives a child no less than what its parent had when it was started.)"""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(kind))
    return int(line.split()[1]) / 1024
