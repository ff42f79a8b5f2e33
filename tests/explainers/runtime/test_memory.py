"""Real processes, whose memory is bounded and counted."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT, PROGRAM = Path(__file__).parents[3], Path(__file__).with_name("memory_in_use.py")

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not Path("/proc/self/clear_refs").exists(),
    reason="only Linux bounds and counts memory so, and only glibc can be told what to keep",
)


@pytest.fixture(scope="module")
def measured():
    """What the program prints, by name."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, PROGRAM],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return dict(map(json.loads, done.stdout.splitlines()))


def test_a_process_that_may_have_no_more_memory_gets_its_map(measured):
    before, (chunk, halvings) = measured["bounded"]["chunks"]
    assert before == [8, 0]
    assert halvings >= 1
    assert 1 <= chunk < 8
    assert measured["bounded"]["distance"] < 1e-5


def test_memory_does_not_grow_with_the_steps(measured):
    idle, few, many = measured["growth"]
    assert few - idle > 15 * 2**20  # a full chunk of activations
    assert many - few < 0.1 * (few - idle)


def test_the_next_chunk_finds_the_memory_of_the_last_one(measured):
    assert measured["faults, kept"] < measured["faults, returned"] / 2
