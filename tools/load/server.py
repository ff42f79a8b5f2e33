"""The dashboard, started for a test or a measurement and ended after it."""

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
PATIENCE, STOPPING = 60, 20  # seconds for the server to start, and to stop


@dataclass(frozen=True)
class Server:
    """The dashboard, served; `log` is what it has said so far."""

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
        """Resident memory in MiB (Linux, as all that follows)."""
        return self._status("VmRSS:")

    @property
    def peak(self) -> float:
        """The most that it ever was."""
        return self._status("VmHWM:")

    def _status(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int((status.partition(name)[2].split() or ["0"])[0]) / 1024  # a dead process has no such line

    @property
    def worked(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """A server on a free port of this machine alone, which can download nothing; its log lies in `folder`."""
    with socket.socket() as free, socket.socket() as closed:
        free.bind((HOST, 0))
        closed.bind((HOST, 0))
        port, nowhere = free.getsockname()[1], f"http://{HOST}:{closed.getsockname()[1]}"
    proxies = {f"{scheme}_proxy": nowhere for scheme in ("http", "https", "all")}
    proxies |= {name.upper(): nowhere for name in proxies} | {
        "no_proxy": f"{HOST},localhost",
        "NO_PROXY": f"{HOST},localhost",
    }
    environment = {name: value for name, value in os.environ.items() if name != "WHYPIXEL_WEIGHTS"}
    options = f"--server.address={HOST}", f"--server.port={port}", "--server.fileWatcherType=none"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard.py", *options],
            cwd=ROOT,
            env=environment | proxies | {"TORCH_HOME": str(folder)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(port, process, folder / "log")
    until = time.monotonic() + PATIENCE
    try:
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{server.log}")
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _healthy(port: int) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{HOST}:{port}/_stcore/health", timeout=5) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False
