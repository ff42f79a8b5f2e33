"""What this process and its decoder take of the machine (on Linux)."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explainers.images.decoder import DECODER

INTERVAL = 0.01  # seconds between looks at the memory


def cpu_seconds() -> float:
    """The processor's time so far of this process, its decoder, and the decoders before it."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = 0
    if DECODER.pid:
        fields = Path(f"/proc/{DECODER.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def memory() -> float:
    """The resident memory of this process and its decoder, in MB."""
    pages = 0
    for pid in filter(None, (os.getpid(), DECODER.pid)):
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return pages * resource.getpagesize() / 1e6


class Peak:
    """The most memory above rest while it is watched, in MB."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the memory from now on; what is taken now is rest."""
        rest, over = memory(), threading.Event()

        def look() -> None:
            while not over.wait(INTERVAL):
                self.megabytes = max(self.megabytes, memory() - rest)

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
