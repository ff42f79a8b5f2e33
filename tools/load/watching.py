"""Watching the server while a crowd visits it: its memory, its processor time, and whether it rests afterwards."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from tools.load.crowd import Crowd
from tools.load.server import Server

SAMPLING_INTERVAL = 15.0  # seconds between looks at the server's memory
IDLE_CORES = 0.2  # more of a core than a server takes that has nothing to do
MAX_REST = 30  # seconds after which it should have nothing to do when all have left


@dataclass(frozen=True)
class ServerLoad:
    """What a crowd took of the server.

    memory:                       MiB, every SAMPLING_INTERVAL seconds.
    peak_memory, final_memory:    MiB, the most ever, and after some rest.
    server_cores, visitors_cores: processor seconds per second of the visit.
    rest:                         seconds after the visit until the server had nothing to do.
    """

    memory: list[float]
    peak_memory: float
    final_memory: float
    server_cores: float
    visitors_cores: float
    rest: int


async def watch(server: Server, crowd: Crowd, visitors: int, seconds: float, settling: float) -> ServerLoad:
    """Let visitors come for some seconds and measure the server; not resting afterwards is a trouble of the crowd.

    settling: seconds between the server's rest and the last look at its memory.
    """
    memory: list[float] = []

    async def sample_memory() -> None:
        while True:
            memory.append(server.memory)
            await asyncio.sleep(SAMPLING_INTERVAL)

    started, server_started, visitors_started = time.perf_counter(), server.worked, time.process_time()
    sampling = asyncio.create_task(sample_memory())
    await crowd.visit_together(visitors, seconds)
    sampling.cancel()
    lasted = time.perf_counter() - started
    server_cores = (server.worked - server_started) / lasted
    visitors_cores = (time.process_time() - visitors_started) / lasted
    rest = await seconds_until_idle(server)
    if rest > MAX_REST:
        crowd.troubles.append(f"the server still works {rest} s after all have left")
    await asyncio.sleep(settling)
    return ServerLoad(memory, server.peak, server.memory, server_cores, visitors_cores, rest)


async def seconds_until_idle(server: Server) -> int:
    """Wait until the server has nothing to do, for little more than MAX_REST seconds, and return how many it took."""
    for seconds in range(MAX_REST + 1):
        worked = server.worked
        await asyncio.sleep(1)
        if server.worked - worked < IDLE_CORES:
            return seconds
    return MAX_REST + 1
