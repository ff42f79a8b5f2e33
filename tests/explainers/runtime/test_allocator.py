"""Freed memory is kept for the next chunk, and goes back to the machine on request."""

import os
import platform
from pathlib import Path
from types import SimpleNamespace

import pytest

from explainers.runtime.allocator import hold_freed_memory, release_freed_memory

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


@pytest.mark.parametrize("library", [SimpleNamespace(), OSError(), TypeError()], ids=lambda value: type(value).__name__)
def test_where_nobody_can_be_asked_nothing_happens(monkeypatch, library):
    def load(name):
        if isinstance(library, Exception):
            raise library
        return library

    monkeypatch.setattr("explainers.runtime.allocator.ctypes.CDLL", load)
    release_freed_memory()
    hold_freed_memory()


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
