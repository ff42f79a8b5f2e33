"""Corrects Streamlit's server from the first visit on: it asks no other machine, ends soon after it is told to, holds
only so many uploads in memory, and keeps a file for download until a browser has had time to fetch it.

Streamlit has no setting for any of it. When a page of another origin connects, it asks an outside service for its own
address, to compare the two. When it is told to end, it waits for every connection, however slow, and then Python takes
apart all that torch has brought along, which takes 2 s of the processor's time, or 20 s where others want it, too. And
while torch is being imported, Python may not get round to any signal for seconds. A file that is made when somebody
asks for it belongs to no visit, so the second end of anybody's run after that removes it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import cast

from starlette.exceptions import HTTPException
from streamlit import net_util, runtime
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web import bootstrap

MAX_UPLOADED = 10**9  # bytes of files that visitors have sent and no page has taken yet
FETCH_TIME = 10.0  # seconds for a browser to ask for a file that was made for it; less than a visit's grace
END_TIMEOUT = 1.0  # seconds after a signal until connections that are still open are cut
SIGNALS = signal.SIGTERM, signal.SIGINT
Handler = Callable[[int, FrameType | None], object] | int | None


class Lasting(media_file_manager.MediaFileMetadata):
    """What Streamlit notes of a file, which can't be marked for removal in its first seconds."""

    def __init__(self, kind: MediaFileKind = MediaFileKind.MEDIA) -> None:
        super().__init__(kind)
        self._since = time.monotonic()

    def mark_for_delete(self) -> None:
        if time.monotonic() - self._since >= FETCH_TIME:
            super().mark_for_delete()


def correct() -> None:
    """Correct the server where `streamlit run` has started it; a program that starts it itself may outlive it."""
    if getattr(signal.getsignal(signal.SIGTERM), "__module__", None) != bootstrap.__name__:
        return
    net_util.get_internal_ip = net_util.get_external_ip = _no_address
    media_file_manager.MediaFileMetadata = Lasting  # type: ignore[misc]
    bound_uploads(cast("MemoryUploadedFileManager", runtime.get_instance().uploaded_file_mgr))
    stopped = cast("asyncio.Future[None]", runtime.get_instance().stopped)
    _in_main_thread(stopped.get_loop(), lambda: _end_soon(stopped))


def bound_uploads(manager: MemoryUploadedFileManager) -> None:
    """Let a manager refuse a file that would not fit into MAX_UPLOADED beside those that no page has taken yet."""
    add = manager.add_file

    def add_if_it_fits(session_id: str, file: UploadedFileRec) -> None:
        waiting = [other for files in [*manager.file_storage.values()] for other in [*files.values()]]
        if sum(len(other.data) for other in (*waiting, file)) > MAX_UPLOADED:
            raise HTTPException(503, "This server is taking too many files at once. Please try again in a minute.")
        add(session_id, file)

    manager.add_file = add_if_it_fits  # type: ignore[method-assign]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a signal end a corrected server at once, with no handler of ours or Streamlit's, inside the block.

    Handlers are Python's, and it runs none while a library is loaded; libraries as large as torch's take seconds.
    """
    loop, handler = None, signal.getsignal(signal.SIGTERM)
    if getattr(handler, "__module__", None) == __name__:
        loop = cast("asyncio.Future[None]", runtime.get_instance().stopped).get_loop()
        _in_main_thread(loop, lambda: _handle_signals(signal.SIG_DFL))
    try:
        yield
    finally:
        if loop:
            _in_main_thread(loop, lambda: _handle_signals(handler))


def _in_main_thread(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    """Do what only the main thread may, and wait a while until it is done; a loop that has ended does nothing."""
    done = threading.Event()

    def do() -> None:
        work()
        done.set()

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(do)
        done.wait(END_TIMEOUT)


def _handle_signals(handler: Handler) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def _no_address() -> None:
    """Return no address of this machine; the configured one, localhost and the page's own host are still compared."""


def _end_soon(stopped: asyncio.Future[None]) -> None:
    """End the process as soon as Streamlit has stopped, and a while after a signal in any case."""
    streamlit_handler = signal.getsignal(signal.SIGTERM)
    assert callable(streamlit_handler)

    def handle(number: int, frame: FrameType | None) -> None:
        loop = stopped.get_loop()
        loop.call_soon_threadsafe(loop.call_later, END_TIMEOUT, _leave)
        streamlit_handler(number, frame)

    stopped.add_done_callback(lambda stopped: None if stopped.exception() else _leave())
    _handle_signals(handle)


def _leave() -> None:
    """End the process without taking it apart, after what is registered for its end."""
    try:
        atexit._run_exitfuncs()
    finally:
        os._exit(0)
