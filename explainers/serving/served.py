"""Opens the dashboard on a network in memory, from a script or a notebook."""

from __future__ import annotations

import html
import sys
import threading
import webbrowser
from collections.abc import Iterable, Mapping
from contextlib import suppress

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.offered import offer, withdraw
from explainers.classifiers.source import Source
from explainers.errors import ExplanationError
from explainers.images.samples import Sample, give
from explainers.serving.pictures import Picture, as_samples
from explainers.serving.server import HOST, Server

FRAME_HEIGHT = 900  # pixels, in a notebook


class Served:
    """A dashboard that is open at `url` until it is closed, or its process ends.

    A script that comes to its end goes on serving until Ctrl-C; a notebook shows the page below its cell.
    """

    def __init__(self, port: int | None) -> None:
        self._server = Server(port)
        self._source: Source | None = None
        self._closed = threading.Event()

    @property
    def url(self) -> str:
        """The address of the page, which only this machine reaches."""
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def is_open(self) -> bool:
        return not self._closed.is_set()

    def show(self, classifier: Classifier, pictures: Iterable[Sample]) -> None:
        """Show this classifier, and these pictures before the samples, in place of those that were shown before."""
        if self._source:
            withdraw(self._source)
        self._source = offer(classifier)
        give(tuple(pictures))

    def wait(self) -> None:
        """Wait until the dashboard is closed; Ctrl-C closes it."""
        with suppress(KeyboardInterrupt):
            self._closed.wait()
        self.close()

    def close(self) -> None:
        """End the server; a second time, do nothing."""
        with _LOCK:
            if not self.is_open:
                return
            self._closed.set()
            self._server.stop()
            if self._source:
                withdraw(self._source)
            give(())

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<the dashboard at {self.url}{'' if self.is_open else ', closed'}>"

    def _repr_html_(self) -> str:
        """The page in a frame, for a notebook on this machine, and a link to it."""
        if not self.is_open:
            return html.escape(repr(self))
        link = f'<a href="{self.url}" target="_blank" rel="noopener">{self.url}</a>'
        size = f'width="100%" height="{FRAME_HEIGHT}" style="border: 0"'
        return f'<iframe src="{self.url}" title="Whypixel" {size}></iframe><p>{link}</p>'


_LOCK = threading.RLock()
_OPEN: list[Served] = []  # at most one: Streamlit runs once in a process


def serve(
    classifier: Classifier,
    images: Mapping[str, Picture] | Iterable[Picture] | None = None,
    *,
    port: int | None = None,
    open_browser: bool = False,
) -> Served:
    """Open the dashboard on a classifier in memory, at an address that only this machine reaches.

    images:       pictures that are offered before the samples: PIL images or paths, or a mapping of titles to them.
    port:         None: a free one.
    open_browser: whether a browser is opened on the page.

    The server runs in a thread of this process. Return its handle at once: `.url` is the address, `.wait()` waits for
    Ctrl-C, `.close()` ends it, and a notebook shows it. A script that comes to its end goes on serving until Ctrl-C. A
    second call shows another classifier in place of the first, at the same address unless it names another port.

    Raises ExplanationError for pictures that can't be read, a port that is taken, and inside of a Streamlit page.
    """
    if not isinstance(classifier, Classifier):
        raise ExplanationError(
            f"serve needs a Classifier, not a {type(classifier).__name__}. Make one: Classifier(network, labels, "
            "size=(224, 224), mean=(...), std=(...))."
        )
    pictures = as_samples(images)
    with _LOCK:
        served = next((one for one in _OPEN if one.is_open), None)
        if served and port not in (None, served.port):
            served.close()
            served = None
        if served is None:
            served = Served(port)
            if not _OPEN:
                threading._register_atexit(_stay)  # type: ignore[attr-defined]  # before thread pools close
            _OPEN[:] = [served]
        served.show(classifier, pictures)
    if not _is_interactive():
        print(f"{classifier.name} is shown at {served.url}; Ctrl-C ends it.", flush=True)
    if open_browser:
        webbrowser.open(served.url)
    return served


def _is_interactive() -> bool:
    """Whether somebody types at this process, as in a notebook, who may go on when a cell has ended."""
    shell = sys.modules.get("IPython")
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or bool(shell and shell.get_ipython())


def _stay() -> None:
    """Go on serving where a script has come to its end, unless it failed."""
    for served in _OPEN:
        if served.is_open and not _is_interactive() and not hasattr(sys, "last_value"):
            served.wait()
        served.close()
