"""Downloads weights; a file appears only if it is complete and verified."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

Progress = Callable[[int, int | None], None]  # bytes done; bytes in total, where the server says so

CHUNK_BYTES = 2**18  # small enough that a download on a slow line can be cancelled soon
TIMEOUT_SECONDS = 20.0  # without receiving a byte


def download(url: str, path: Path, on_progress: Progress | None = None) -> None:
    """Download `url` to the file `path`. An exception raised by `on_progress` cancels the download.

    The file is written in the same folder under a unique name, so that several downloads of one file do not collide,
    then checked, and moved to `path` in one step. It is checked against the length that the server announced and, if
    the file is called `name-<hex>.pth`, against that beginning of its SHA-256.

    Raises OSError or http.client.HTTPException, with the reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        digest = _fetch(url, partial, on_progress)
        announced = re.search(r"-([0-9a-f]{8,})\.\w+$", path.name)
        if announced and not digest.startswith(announced[1]):
            raise OSError(f"what came is not the file (its SHA-256 starts with {digest[:8]}, not {announced[1]})")
        partial.replace(path)
    except HTTPError as error:
        error.close()  # the error holds the connection open
        raise
    finally:
        partial.unlink(missing_ok=True)


def _fetch(url: str, path: Path, on_progress: Progress | None) -> str:
    """Write the content of `url` to `path`, and return its SHA-256 in hex."""
    request = Request(url, headers={"User-Agent": "whypixel"})
    digest, done = hashlib.sha256(), 0
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response, path.open("xb") as file:
        length = response.headers["Content-Length"]
        total = int(length) if length else None
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if on_progress:
                on_progress(done, total)
    if total is not None and done != total:
        raise OSError(f"the connection broke after {done} of {total} bytes")
    return digest.hexdigest()
