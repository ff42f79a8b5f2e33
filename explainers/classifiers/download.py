"""Downloads weights; a file appears only if it is complete and verified."""

from __future__ import annotations

import errno
import hashlib
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import uuid4

Progress = Callable[[int, int | None], None]  # bytes done; bytes in total, where the server says so

CHUNK_BYTES = 2**18
MAX_WAITING_CHUNKS = 8  # which have come and are not on disk yet
TIMEOUT_SECONDS = 20.0  # without receiving a byte
PROGRESS_SECONDS = 0.2  # between two calls of `on_progress`, even if no byte comes, so that a cancel is heard


def download(url: str, path: Path, on_progress: Progress | None = None) -> None:
    """Download `url` to the file `path`. An exception raised by `on_progress` cancels the download.

    The file is written in the same folder under a unique name, so that several downloads of one file do not collide,
    then checked, and moved to `path` in one step. It is checked against the length that the server announced, against
    the SHA-256 that the first server names when it sends on to another, as a hub of weights does, and, if the file is
    called `name-<hex>.pth`, against that beginning of its SHA-256.

    Raises OSError or http.client.HTTPException, with the reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        digest, announced = _fetch(url, partial, on_progress)
        named = re.search(r"-([0-9a-f]{8,})\.\w+$", path.name)
        for expected in (named and named[1], announced):
            if expected and not digest.startswith(expected):
                raise OSError(f"the wrong file came (its SHA-256 starts with {digest[:8]}, not {expected[:10]})")
        partial.replace(path)
    except HTTPError as error:
        error.close()  # the error holds the connection open
        raise
    finally:
        partial.unlink(missing_ok=True)


def why(error: Exception) -> str:
    """Say why a download failed, without the numbers of errors and the folders of the server that they name."""
    reason = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    match reason:
        case HTTPError():
            return f"the other server answered with {reason.code} ({reason.reason})"
        case socket.gaierror():
            return "this machine seems to be offline"
        case TimeoutError():
            return "the other server did not answer in time"
        case ssl.SSLError():
            return "the connection to the other server is not secure"
        case ConnectionError():
            return "no connection to the other server could be made"
        case OSError(errno=errno.ENOSPC):
            return "the disk is full"
        case OSError(strerror=str(text)):
            return text
    return str(reason) or type(reason).__name__


def _fetch(url: str, path: Path, on_progress: Progress | None) -> tuple[str, str | None]:
    """Write the content of `url` to `path`; return its SHA-256 in hex, and the one that was announced, if any."""
    digest, done, total = hashlib.sha256(), 0, None
    stream = _Stream(url)
    with path.open("xb") as file, stream:
        for chunk in stream:
            file.write(chunk)
            digest.update(chunk)
            done, total = done + len(chunk), stream.total
            if on_progress:
                on_progress(done, total)
    if total is not None and done != total:
        raise OSError(f"the connection broke after {done} of {total} bytes")
    return digest.hexdigest(), stream.redirects.sha256


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, and keeps what the server that sends on says of the file.

    sha256: of the content, in hex, if a server has named it.
    """

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(
        self, request: Request, answer: Any, code: int, message: str, headers: Any, address: str
    ) -> Request | None:
        linked = re.fullmatch(r'(?:W/)?"?([0-9a-f]{64})"?', headers.get("X-Linked-Etag", ""))
        self.sha256 = linked[1] if linked else self.sha256
        return super().redirect_request(request, answer, code, message, headers, address)


class _Stream:
    """The content of a URL, chunk by chunk; a chunk is empty if nothing has come for a while.

    A thread of its own waits for the server, which may take any time to connect, to answer and to send. It ends at the
    next byte, or at the timeout, after the `with` block has ended.

    total:     the length that the server announced, if it did.
    redirects: how the server sent on to another, if it did.
    """

    def __init__(self, url: str) -> None:
        self.total: int | None = None
        self.redirects = _Redirects()
        self._url = url
        self._chunks: queue.Queue[bytes | Exception] = queue.Queue(MAX_WAITING_CHUNKS)
        self._left = threading.Event()

    def __enter__(self) -> _Stream:
        threading.Thread(target=self._receive, name="download", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._chunks.get(timeout=PROGRESS_SECONDS)
            except queue.Empty:
                chunk = b""
            else:
                if isinstance(chunk, Exception):
                    raise chunk
                if not chunk:
                    return
            yield chunk

    def _receive(self) -> None:
        request = Request(self._url, headers={"User-Agent": "whypixel"})
        try:
            with build_opener(self.redirects).open(request, timeout=TIMEOUT_SECONDS) as response:
                self.total = _length(response.headers["Content-Length"])
                while chunk := response.read1(CHUNK_BYTES):  # what has come, however little
                    self._hand_over(chunk)
            self._hand_over(b"")
        except Exception as error:  # which belongs to the thread that waits for the content
            self._hand_over(error)

    def _hand_over(self, chunk: bytes | Exception) -> None:
        while not self._left.is_set():
            try:
                self._chunks.put(chunk, timeout=PROGRESS_SECONDS)
            except queue.Full:
                continue
            return


def _length(announced: str | None) -> int | None:
    """Return the length that a server announces. Raises OSError for one that is no number of bytes."""
    if announced and not re.fullmatch(r"[0-9]{1,15}", announced.strip()):
        raise OSError("the server announces a length that is no number")
    return int(announced) if announced else None
