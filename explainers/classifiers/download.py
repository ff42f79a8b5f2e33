"""Weights from the internet, complete and verified or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

Progress = Callable[[int, int | None], None]  # bytes done; bytes in total, where the server says so

CHUNK = 2**18  # bytes: small enough that a cancel is heard soon on a slow line
TIMEOUT = 20.0  # seconds without a byte


def download(url: str, path: Path, on_progress: Progress | None = None) -> None:
    """Fetch `url` into the file `path`. What `on_progress` raises cancels it.

    The file appears only when it is whole: it is written beside its place under a name of its own, so that several
    downloads of one file do not meet, checked, and moved there in one step. It is checked against the length the
    server announced and, where the file is called `name-<hex>.pth`, against that beginning of its SHA-256.

    Raises OSError or http.client.HTTPException, with the reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        digest = _fetch(url, partial, on_progress)
        wanted = re.search(r"-([0-9a-f]{8,})\.\w+$", path.name)
        if wanted and not digest.startswith(wanted[1]):
            raise OSError(f"what came is not the file (its SHA-256 starts with {digest[:8]}, not {wanted[1]})")
        partial.replace(path)
    except HTTPError as error:
        error.close()  # it holds the connection
        raise
    finally:
        partial.unlink(missing_ok=True)


def _fetch(url: str, path: Path, on_progress: Progress | None) -> str:
    """Stream `url` into `path`; the SHA-256 of what came, in hex."""
    request = Request(url, headers={"User-Agent": "whypixel"})
    digest, done = hashlib.sha256(), 0
    with urlopen(request, timeout=TIMEOUT) as response, path.open("xb") as file:
        length = response.headers["Content-Length"]
        total = int(length) if length else None
        while chunk := response.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if on_progress:
                on_progress(done, total)
    if total is not None and done != total:
        raise OSError(f"the connection broke after {done} of {total} bytes")
    return digest.hexdigest()
