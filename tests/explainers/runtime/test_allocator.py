"""Freed memory is kept for the next chunk, and goes back to the machine on request."""

import os
import platform
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from explainers.runtime import allocator
from explainers.runtime.allocator import hold_freed_memory, release_freed_memory, release_tops

glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not Path("/proc/self/statm").exists(), reason="only glibc can be asked"
)


@glibc
def test_freed_memory_goes_back_to_the_machine():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    blocks = [bytearray(b"x" * 60_000) for _ in range(2000)]
    del blocks[::2], blocks[:-1:2]  # some are left above the others, which keeps the C library from giving those back
    blocks = blocks[::25]
    before = resident()
    release_freed_memory()
    assert resident() < before - 30 * 2**20
    assert len(blocks) > 0


IN_A_THREAD = """
import os, runpy, sys, threading
from pathlib import Path

allocator = runpy.run_path(sys.argv[1])

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def allocate_and_free():
    began.set()  # its arena is its own, because nobody has limited their number yet
    may_allocate.wait()
    for _ in range(2):
        blocks = [bytearray(b"x" * 60_000) for _ in range(700)]  # 40 MiB
        del blocks
        freed.set()
        may_go_on.wait()
        freed.clear()
        may_go_on.clear()

began, may_allocate, freed, may_go_on = (threading.Event() for _ in range(4))
thread = threading.Thread(target=allocate_and_free, daemon=True)
thread.start()
began.wait()
allocator["hold_freed_memory"]()
may_allocate.set()
freed.wait()
print(resident())
allocator["release_freed_memory"]()
print(resident())
allocator["release_tops"]()
print(resident())
freed.clear()
may_go_on.set()
freed.wait()
print(resident())
"""


@glibc
def test_the_free_end_of_another_threads_arena_goes_back_too_and_is_held_again_afterwards():
    command = [sys.executable, "-c", IN_A_THREAD, allocator.__file__]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60)
    before, without_tops, after, held_again = map(float, done.stdout.split())
    assert before - without_tops < 10
    assert without_tops - after > 30
    assert held_again - after > 30


@pytest.mark.parametrize("library", [SimpleNamespace(), OSError(), TypeError()], ids=lambda value: type(value).__name__)
def test_where_nobody_can_be_asked_nothing_happens(monkeypatch, library):
    def load(name):
        if isinstance(library, Exception):
            raise library
        return library

    monkeypatch.setattr("explainers.runtime.allocator.ctypes.CDLL", load)
    release_freed_memory()
    release_tops()
    hold_freed_memory()


def test_where_no_more_threads_can_be_started_memory_is_held_as_before_and_nobody_waits(monkeypatch):
    asked, started, start = [], [], threading.Thread.start

    def start_five(thread):
        if len(started) == 5:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    library = SimpleNamespace(
        malloc_trim=lambda left: None,
        mallopt=lambda *setting: asked.append(setting),
        malloc=lambda size: size,
        free=lambda block: None,
    )
    monkeypatch.setattr("explainers.runtime.allocator.ctypes.CDLL", lambda name: library)
    monkeypatch.setattr(threading.Thread, "start", start_five)
    release_tops()
    assert asked == [(-1, allocator.MIN_TOP), (-1, allocator.HELD_TOP)]
    assert len(started) == 5
    assert not any(thread.is_alive() for thread in started)


def test_ends_of_arenas_stay_where_the_environment_says_how_much_is_held(monkeypatch):
    asked = []
    library = SimpleNamespace(malloc_trim=asked.append, mallopt=lambda *setting: asked.append(setting))
    monkeypatch.setattr("explainers.runtime.allocator.ctypes.CDLL", lambda name: library)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    release_tops()
    assert asked == [0]


def test_freed_blocks_are_kept_unless_the_environment_says_otherwise(monkeypatch):
    asked = []
    library = SimpleNamespace(mallopt=lambda *setting: asked.append(setting))
    monkeypatch.setattr("explainers.runtime.allocator.ctypes.CDLL", lambda name: library)
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX"):
        monkeypatch.delenv(name, raising=False)
    hold_freed_memory(block=5, top=6)
    assert asked == [(-3, 5), (-1, 6), (-8, 1)]
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    asked.clear()
    hold_freed_memory()
    assert asked == [(-3, 2**30), (-1, 2**30)]
