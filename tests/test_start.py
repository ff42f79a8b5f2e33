"""The server as the README starts it: nobody else can connect, it asks nothing of anybody, and it ends when told to."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import streamlit
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tools.load.visitor import visitor

ROOT = Path(__file__).parents[1]
COMMAND = re.search(r"\.venv/bin/streamlit (run .+)", (ROOT / "README.md").read_text(encoding="utf-8"))
WATCH = """import os, sys
def hear(event, details):
    if event in ("socket.connect", "socket.sendto", "socket.bind", "socket.getaddrinfo"):
        where = details[1:2] if event != "socket.getaddrinfo" else details[:1]
        with open(os.environ["WATCH_LOG"], "a") as log:
            print(event, *where, sep="\\t", file=log)
sys.addaudithook(hear)
"""
SOON = 60  # seconds
STOP_TIMEOUT = 10  # seconds: it takes one on a machine that has nothing else to do, and three are promised
OTHERS = ("--server.address=0.0.0.0",)
VISITORS = 4
LONG = {
    "method": "integrated-gradients",
    "integrated-gradients-steps": 1000,
    "integrated-gradients-baseline": "random",
    "integrated-gradients-draws": 20,
}
STATIC = Path(streamlit.__file__).parent / "static"
PIPELINED = 16 * 2**20  # bytes, more than the buffers on the way hold
OURS = re.compile(r"'localhost'|b'localhost'|'127\.0\.0\.1'|\('127\.0\.0\.1', \d+\)|\('localhost', \d+\)")


def healthy(port):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


def slow_reader(port):
    """A connection that asks for more than it reads."""
    file = max(STATIC.rglob("*.js"), key=lambda file: file.stat().st_size)
    asked = f"GET /{file.relative_to(STATIC).as_posix()} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(asked * (PIPELINED // file.stat().st_size + 1))
    return connection


def seconds_to_stop(process):
    """Tell a process to end, and wait until it has."""
    told = time.monotonic()
    process.terminate()
    process.wait(SOON)
    return time.monotonic() - told


async def seconds_to_stop_an_import(process, port):
    """Do so while the first visit imports torch, whose libraries take seconds to load, and Python hears nothing."""
    async with visitor(port) as tab:
        await tab.open({})
        while sys.platform == "linux" and "libtorch" not in Path(f"/proc/{process.pid}/maps").read_text():
            await asyncio.sleep(0.01)
        return await asyncio.to_thread(seconds_to_stop, process)


async def seconds_to_stop_a_crowd(process, port):
    """Do so amid visitors who wait for long computations, and one who is slow to read what he asked for.

    Before it, a page of another origin tries to connect, and is refused.
    """
    async with AsyncExitStack() as crowd:
        for seed in range(VISITORS):
            tab = await crowd.enter_async_context(visitor(port))
            await tab.open(LONG | {"integrated-gradients-seed": seed})
            await asyncio.wait_for(tab.until(lambda page: "answer" in page.widgets), SOON)  # computing starts
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin="http://elsewhere.example", proxy=None)
        with slow_reader(port):
            await asyncio.sleep(0.5)  # until the buffers are full
            return await asyncio.to_thread(seconds_to_stop, process)


@pytest.fixture(scope="module", params=[(), OTHERS], ids=["this machine", "others"])
def started(request, tmp_path_factory):
    """(what it printed, what its sockets did, seconds until it had ended) of a server that was started and stopped.

    The server for this machine has a crowd at work by then; the one for others is importing torch for its first visit.
    """
    folder = tmp_path_factory.mktemp("start")
    (folder / "sitecustomize.py").write_text(WATCH)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    watched = {"PYTHONPATH": str(folder), "WATCH_LOG": str(folder / "sockets"), "STREAMLIT_SERVER_PORT": str(port)}
    command = [sys.executable, "-m", "streamlit", *COMMAND[1].split(), *request.param]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | watched, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + SOON
        while not (healthy(port) and "URL" in (folder / "log").read_text()):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        stop = seconds_to_stop_an_import if request.param == OTHERS else seconds_to_stop_a_crowd
        with ThreadPoolExecutor(1) as thread:  # the browser tests' event loop may be running in this one
            took = thread.submit(lambda: asyncio.run(stop(process, port))).result()
        assert process.returncode in ((0, -signal.SIGTERM) if request.param == OTHERS else (0,))
        return (folder / "log").read_text(), (folder / "sockets").read_text(), took
    finally:
        process.kill()
        process.wait()


def test_it_asks_nothing_of_any_other_machine(started):
    _, sockets, _ = started
    calls = [line.split("\t") for line in sockets.splitlines()]
    assert [call for call in calls if call[0] != "socket.bind" and not OURS.fullmatch(call[1])] == []


def test_it_prints_an_address_of_this_machine(started):
    printed, _, _ = started
    assert re.search(r"URL: .*http://localhost:\d+", printed)
    assert "External" not in printed
    assert "Network" not in printed


@pytest.mark.parametrize("started", [()], indirect=True, ids=["this machine"])
def test_nobody_else_can_connect(started):
    _, sockets, _ = started
    bound = [line.split("\t")[1] for line in sockets.splitlines() if line.startswith("socket.bind")]
    assert bound
    assert all(OURS.fullmatch(place) for place in bound)


def test_it_ends_soon_after_it_was_told_to(started):
    assert started[2] < STOP_TIMEOUT
