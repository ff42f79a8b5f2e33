"""Ctrl-C while the command line is being imported, which takes seconds: it ends with a line, as it does later."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130  # the exit code, as shells expect it
PACKAGE = __name__.partition(".")[0]


def end_quietly_while_importing() -> None:
    """Handle Ctrl-C, if Python imports this package on the way to its command line, and nobody else handles it."""
    if PACKAGE in sys.orig_argv and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """From now on, Ctrl-C raises KeyboardInterrupt, unless somebody else handles it."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)  # nothing has been begun yet
