"""A process of its own that decodes pictures, one at a time, with bounded memory and time.

A file may be made so that decoding it takes gigabytes or minutes, and what a decoder does in C can't be stopped from
within. So the whole program has one such process. It is started by the first picture, ends with the program, and is
started again after a file for which it had to be ended.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image

from explainers.errors import ExplanationError
from explainers.images.headers import DAMAGED
from explainers.processes import end, program, read_exactly, start, took_too_long

MAX_SECONDS = 120  # until a decoder that stands still is ended; the limit of the processor's time is in `decoding`
START = program("explainers.images.decoding")


@dataclass(frozen=True)
class Answer:
    """A decoded picture that isn't turned upright yet.

    image:       in RGB.
    file_size:   the width and height that it has in the file, before it was scaled down.
    orientation: how to turn it, as EXIF says it.
    note:        what was done to it, in sentences.
    adjustable:  whether its levels can be chosen.
    """

    image: Image.Image
    file_size: tuple[int, int]
    orientation: int
    note: str
    adjustable: bool


class Decoder:
    """The process, and the turns that callers take."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, data: bytes, **request: Any) -> Answer:
        """Decode a file when it is its turn.

        request: the other arguments of `decoding.decode`.

        Raises ExplanationError.
        """
        with self._turn:
            process = self._running()
            timer = threading.Timer(MAX_SECONDS, process.kill)
            timer.start()
            try:
                return _ask(process, data, request)
            except (BrokenPipeError, EOFError):
                code = process.wait()
                self.close()
                raise _why_ended(code) from None
            except ExplanationError:
                raise
            except BaseException:  # the caller was interrupted, and the rest of the answer may be on its way
                self.close()
                raise
            finally:
                timer.cancel()

    @property
    def pid(self) -> int | None:
        """The number of the process, if there is one."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self.pid is None:
            self.close()
            self._process = start(START)
        assert self._process
        return self._process

    def close(self) -> None:
        """End the process, if there is one."""
        if process := self._process:
            end(process)
            self._process = None

    def leave(self) -> None:
        """Leave the process to the program that this one is a copy of (by a fork)."""
        if self._process:
            self._process.returncode = 0  # or it would be ended
        self.close()
        self._turn = threading.Lock()


def _ask(process: subprocess.Popen[bytes], data: bytes, request: dict[str, Any]) -> Answer:
    assert process.stdin
    assert process.stdout
    rest = memoryview(json.dumps({**request, "bytes": len(data)}).encode() + b"\n" + data)
    while rest:
        rest = rest[process.stdin.write(rest) :]
    first = _line(process.stdout)
    image = Image.new("RGB", first["size"])
    top = 0
    while count := _line(process.stdout)["bytes"]:
        rows = Image.frombytes("RGB", (image.width, count // (3 * image.width)), read_exactly(process.stdout, count))
        image.paste(rows, (0, top))
        top += rows.height
    return Answer(image, tuple(first["file_size"]), first["orientation"], first["note"], first["adjustable"])


def _line(stream: IO[bytes]) -> dict[str, Any]:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    answer: dict[str, Any] = json.loads(line)
    if "refusal" in answer:
        raise ExplanationError(answer["refusal"])
    if "bug" in answer:
        raise RuntimeError(f"in the decoder:\n{answer['bug']}")
    return answer


def _why_ended(code: int) -> Exception:
    """Return the error for a process that ended, with this exit status, while it should have answered."""
    if code >= 0:
        return RuntimeError(f"the decoder ended with {code}")
    if took_too_long(code):
        return ExplanationError(
            "The picture can't be read: decoding it takes too long. Please save it again in an image editor."
        )
    return ExplanationError(DAMAGED)


DECODER = Decoder()
atexit.register(DECODER.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=DECODER.leave)
