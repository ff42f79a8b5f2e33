"""Imports what takes seconds once the heading of a page is drawn, one page at a time."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pages.shared import server, state

POLL_INTERVAL = 0.1  # seconds between looks whether it is this page's turn; each is where Streamlit can stop a run
# Two threads that import parts of one package at the same time may each be given half a module.
_TURN = threading.Lock()
_LOADED = set[str]()  # the pages that have imported all they need


class LoadingError(Exception):
    """A page can't be imported, for a reason that whoever runs the server can put right."""


def loaded(page: str) -> bool:
    """Whether a page has imported all it needs."""
    return page in _LOADED


@contextmanager
def loading(page: str) -> Iterator[None]:
    """Import what a page needs in this block, which waits for the other pages' imports; once it is loaded, for nothing.

    Raises LoadingError where a package is missing, or broken.
    """
    if page in _LOADED:
        yield
        return
    while not _TURN.acquire(timeout=POLL_INTERVAL):
        state.yield_to_streamlit()
    try:
        with server.ended_by_signals(), _uncollected():
            yield
        _LOADED.add(page)
    except (ImportError, OSError) as error:  # the latter comes from libraries that can't be loaded
        logging.getLogger(__name__).exception("The page %r can't be imported.", page)
        raise LoadingError(f"Whypixel can't be loaded on this server: {error}.") from error
    finally:
        _TURN.release()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put off garbage collections while torch is imported, and leave what that brought along out of later ones.

    It stays for ever, and to look at all of it takes a third of a second, in which nobody else gets on.
    """
    if "explainers" in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
