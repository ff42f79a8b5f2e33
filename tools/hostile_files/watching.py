"""What the process that reads a file takes of the machine (on Linux)."""

from __future__ import annotations

import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explainers import processes

INTERVAL = 0.002  # seconds between looks at the memory


class Watch:
    """The costs of the processes that read files while it watches.

    megabytes: the most resident memory of one.
    seconds:   of the processor's time of all.
    """

    def __init__(self) -> None:
        self.megabytes = self.seconds = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the processes that are started from now on."""
        over, started, before = threading.Event(), processes.start, _ended()
        watchers: list[threading.Thread] = []

        def start(source: str) -> subprocess.Popen[bytes]:
            process = started(source)
            watchers.append(threading.Thread(target=self._look, args=(process.pid, over)))
            watchers[-1].start()
            return process

        processes.start = start
        try:
            yield
        finally:
            processes.start = started
            over.set()
            for watcher in watchers:
                watcher.join()
            self.seconds += _ended() - before

    def _look(self, pid: int, over: threading.Event) -> None:
        while not over.is_set():
            self.megabytes = max(self.megabytes, _peak(pid))
            time.sleep(INTERVAL)


def _peak(pid: int) -> float:
    """The most resident memory that a process has had so far, in MB; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    _, _, rest = status.partition("VmHWM:")
    return int(rest.split()[0]) * 1024 / 1e6 if rest else 0.0


def _ended() -> float:
    """The processor's time of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
