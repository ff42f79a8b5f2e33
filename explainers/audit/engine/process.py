"""A process of its own that computes parts: what it runs, and how the program that started it talks to it.

It is asked for a part by its number, and answers with messages: ("done", n) for n more pictures, ("rows", rows) for the
part, and ("error", error) for what ended it. It ends when it is asked no more, also where the other program was killed.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from explainers.errors import ExplanationError
from explainers.processes import be_quiet, read_exactly

PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started this one, also during imports
from explainers.audit.engine.process import serve
serve()
"""
OnPictures = Callable[[int], None]
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


class EndedError(Exception):
    """The process has ended before it had answered."""


class WorkerProcess:
    """A process that computes parts of a run, one at a time.

    threads: how many of the processor's cores it uses.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder.absolute()), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=os.environ
            | dict.fromkeys(THREADS, str(threads))
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
        )

    def rows(self, part: int, on_pictures: OnPictures) -> list[dict[str, Any]]:
        """Compute the rows of a part. Raises what the process does, and EndedError where it ends without a word."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            _send(self._process.stdin, part)
            while (message := _received(self._process.stdout))[0] == "done":
                on_pictures(message[1])
        except (EOFError, OSError, ValueError) as error:  # a pipe that is broken, or closed
            raise EndedError from error
        if message[0] == "error":
            raise message[1]
        rows: list[dict[str, Any]] = message[1]
        return rows

    def end(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and wait until it is gone."""
        self.end()
        self._process.wait()
        for pipe in filter(None, (self._process.stdin, self._process.stdout)):
            pipe.close()


def serve() -> None:
    """Compute the parts that are asked for, until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(be_quiet(), "wb")
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen() -> None:
        while True:
            try:
                asked.put(_received(requests))
            except EOFError:  # nobody waits for what is being computed
                os._exit(0)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        import torch

        from explainers.audit.engine.worker import Worker

        torch.set_num_threads(threads)
        worker = Worker.open(folder)
        while True:
            rows = worker.rows(asked.get(), lambda count: _send(answers, ("done", count)))
            _send(answers, ("rows", rows))
    except ExplanationError as error:
        _send(answers, ("error", error))
    except BaseException:
        _send(answers, ("error", RuntimeError(f"in a worker:\n{traceback.format_exc()}")))
    listener.join()  # until it ends the process: Python's own end aborts while a thread still reads


def _send(stream: IO[bytes], message: Any) -> None:
    data = pickle.dumps(message)
    rest = memoryview(len(data).to_bytes(8, "big") + data)
    while rest:
        rest = rest[stream.write(rest) :]
    stream.flush()


def _received(stream: IO[bytes]) -> Any:
    return pickle.loads(read_exactly(stream, int.from_bytes(read_exactly(stream, 8), "big")))
