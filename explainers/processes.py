"""Processes of their own for what strangers' files may make costly: how they are started, limited and judged.

They load no torch, which takes seconds and much memory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

# The packages above the module without their __init__, some of which load torch.
START = """
import sys, types
for depth in range(1, len(parts := {module!r}.split("."))):
    package = types.ModuleType(name := ".".join(parts[:depth]))
    package.__path__ = ["/".join([sys.argv[1], *parts[1:depth]])]
    sys.modules[name] = package
from {module} import serve
serve()
"""
MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "8000000"}  # so that freed memory is given back


def program(module: str) -> str:
    """Return the program that calls `serve()` of a module of `explainers`, named with dots."""
    return START.format(module=module)


def start(source: str) -> subprocess.Popen[bytes]:
    """Start a program; it reads what is asked and writes what it answers, and what it complains of as well."""
    return subprocess.Popen(
        [sys.executable, "-c", source, str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,  # or a copy of this program (by a fork) could write what is left in a buffer
        env=os.environ | MALLOC | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that `start` started."""
    process.kill()
    process.wait()
    for pipe in filter(None, (process.stdin, process.stdout)):
        pipe.close()


def read_exactly(stream: IO[bytes], count: int) -> bytes:
    """Read so many bytes of what a process answers. Raises EOFError where it ends before."""
    parts = []
    while count:
        if not (part := stream.read(count)):
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def took_too_long(code: int) -> bool:
    """Return whether this exit status is that of a process that was ended, by `allow` or from outside."""
    return -code in (signal.SIGKILL, getattr(signal, "SIGPROF", None))


def allow(seconds: float) -> None:
    """Let the system kill this process once it has used the processor for so long from now on; 0: never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_memory(count: int) -> None:
    """Let this process take so many bytes of memory beyond what it has now."""
    with suppress(ImportError, OSError, ValueError):  # not every system has such limits
        import resource

        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + count,) * 2)


def limit_files(opened: int, written: int) -> None:
    """Let this process have so many open files, write none of more than so many bytes, and leave no core dump."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (opened,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (written,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def be_quiet() -> int:
    """Send what this process prints nowhere, and return a file descriptor for its answers instead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started this one
    answers = os.dup(sys.stdout.fileno())
    for stream in (sys.stdout, sys.stderr):  # what libraries print of damaged files
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return answers
