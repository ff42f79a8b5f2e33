"""Starts the dashboard for a test or a measurement, and stops it afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
START_TIMEOUT, STOP_TIMEOUT = 60, 20  # seconds
COLLECTIONS = "collections"  # the file with the process and the seconds of every full garbage collection
COUNTER = f"""
import gc, os, time

started = 0.0

def note(phase, facts):
    global started
    if facts["generation"] == 2 and phase == "start":
        started = time.perf_counter()
    elif facts["generation"] == 2:
        with open(os.path.join(os.path.dirname(__file__), "{COLLECTIONS}"), "a") as log:
            print(os.getpid(), time.perf_counter() - started, file=log)

gc.callbacks.append(note)
"""


@dataclass(frozen=True)
class Server:
    """A running dashboard.

    file: the file of its log.
    """

    port: int
    process: subprocess.Popen[bytes]
    file: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return self.file.read_text()

    @property
    def memory(self) -> float:
        """The resident memory now, in MiB. (This and what follows works on Linux only.)"""
        return self._status("VmRSS:")

    @property
    def peak(self) -> float:
        """The largest resident memory so far, in MiB."""
        return self._status("VmHWM:")

    def _status(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int((status.partition(name)[2].split() or ["0"])[0]) / 1024  # a process that has ended has no such line

    @property
    def collections(self) -> list[float]:
        """The seconds of every full garbage collection so far; none where they aren't counted."""
        file = self.file.with_name(COLLECTIONS)
        notes = (line.split() for line in (file.read_text().splitlines() if file.exists() else ()))
        return [float(seconds) for process, seconds in notes if process == str(self.process.pid)]

    @property
    def worked(self) -> float:
        """The processor time so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serve(
    folder: Path,
    script: Path = ROOT / "dashboard.py",
    root: Path = ROOT,
    *,
    counting: bool = False,
    classifier: str | None = None,
) -> Iterator[Server]:
    """Serve the dashboard on a free port of this machine; it can't download anything, and logs to a file in `folder`.

    script:   another page to serve instead.
    root:     the folder that it is started in, whose configuration holds.
    counting: whether full garbage collections are counted, which takes time at every collection.
    classifier: the one that visitors meet first; None: as this process's environment says.

    Raises RuntimeError where it doesn't start, TimeoutExpired where it doesn't stop.
    """
    with socket.socket() as free_socket, socket.socket() as closed_socket:
        free_socket.bind((HOST, 0))
        closed_socket.bind((HOST, 0))
        port, unreachable = free_socket.getsockname()[1], f"http://{HOST}:{closed_socket.getsockname()[1]}"
    proxies = {f"{scheme}_proxy": unreachable for scheme in ("http", "https", "all")}
    proxies |= {name.upper(): unreachable for name in proxies} | {
        "no_proxy": f"{HOST},localhost",
        "NO_PROXY": f"{HOST},localhost",
    }
    environment = {name: value for name, value in os.environ.items() if name != "WHYPIXEL_WEIGHTS"}
    if counting:
        (folder / "sitecustomize.py").write_text(COUNTER)
        (folder / COLLECTIONS).touch()
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    if classifier:
        environment["WHYPIXEL_CLASSIFIER"] = classifier
    options = f"--server.address={HOST}", f"--server.port={port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *options],
            cwd=root,
            env=environment | proxies | {"TORCH_HOME": str(folder)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(port, process, folder / "log")
    deadline = time.monotonic() + START_TIMEOUT
    try:
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{server.log}")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _healthy(port: int) -> bool:
    """Whether the server answers that it is ready."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{HOST}:{port}/_stcore/health", timeout=5) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False
