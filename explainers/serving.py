"""Opens the dashboard on a network in memory, from a script or a notebook.

This is the only module here that imports Streamlit, and it does so only when `serve` is called.
"""

from __future__ import annotations

import asyncio
import html
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterable, Mapping
from contextlib import suppress
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from PIL import Image

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.offered import offer, withdraw
from explainers.classifiers.source import Source
from explainers.errors import ExplanationError
from explainers.images.encoding import encode
from explainers.images.reading import read_image
from explainers.images.samples import Sample, give, given_sample

if TYPE_CHECKING:  # so that Streamlit comes along only when it is called
    from streamlit.web.server import Server

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"  # nobody on another machine can connect
START_SECONDS, STOP_SECONDS = 60.0, 10.0
FRAME_HEIGHT = 900  # pixels, in a notebook
Picture = Image.Image | str | PathLike[str]


class Served:
    """A dashboard that is open at `url` until it is closed, or its process ends.

    A script that comes to its end goes on serving until Ctrl-C; a notebook shows the page below its cell.
    """

    def __init__(self, port: int | None) -> None:
        self._server = _Server(port)
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
    pictures = _samples(images)
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


def _samples(images: Mapping[str, Picture] | Iterable[Picture] | None) -> list[Sample]:
    """Return pictures as samples of the strip. Raises ExplanationError for one that can't be read."""
    if isinstance(images, (Image.Image, str, PathLike)):
        images = [images]
    if isinstance(images, Mapping):
        return [given_sample(str(title), _content(picture)) for title, picture in images.items()]
    return [
        given_sample(Path(picture).stem if isinstance(picture, (str, PathLike)) else f"Picture {number}", content)
        for number, picture in enumerate(images or (), 1)
        for content in [_content(picture)]
    ]


def _content(picture: Picture) -> bytes:
    """Return the bytes of a picture's file, which is a PNG for one in memory. Raises ExplanationError."""
    if isinstance(picture, Image.Image):
        return encode(picture if picture.mode in ("L", "RGB", "RGBA", "I;16") else picture.convert("RGB"))
    if not isinstance(picture, (str, PathLike)):
        raise ExplanationError(f"A picture must be a PIL image or a path, not a {type(picture).__name__}.")
    try:
        content = Path(picture).read_bytes()
    except OSError as error:
        raise ExplanationError(f"{Path(picture)} can't be read: {error.strerror or error}.") from error
    read_image(content)  # so that a file that is no picture is refused here, and not on the page
    return content


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


class _Server:
    """Streamlit's server in a thread, without handlers of signals, which belong to the main thread's program."""

    port: int

    def __init__(self, port: int | None) -> None:
        from streamlit import config, net_util, runtime
        from streamlit.runtime.pages_manager import PagesManager
        from streamlit.runtime.scriptrunner import script_runner
        from streamlit.web import bootstrap

        if runtime.exists():
            raise ExplanationError(
                "This process runs a Streamlit server already, so serve can't open another. Call it from a script, a "
                "notebook or a console."
            )
        _refuse_taken(port)
        script = str(ROOT / "dashboard.py")
        config._main_script_path = script  # so that the configuration beside it holds, wherever this process started
        quiet = {"server_headless": True, "logger_level": "warning"}
        bootstrap.load_config_options({"server_address": HOST, "server_port": port or 0, **quiet})
        self._runtime, self._main = runtime.Runtime, sys.modules["__main__"]
        self._changed: list[tuple[Any, str, Any]] = []
        self._change(net_util, "get_internal_ip", _no_address)
        self._change(net_util, "get_external_ip", _no_address)
        self._change(PagesManager, "uses_pages_directory", None)
        self._change(script_runner.ScriptRunner, "_new_module", lambda runner, name: _stand_in(name, self._main))
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._error: BaseException | None = None
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._run, args=(script,), name="whypixel server", daemon=True)
        self._thread.start()
        self._ready.wait(START_SECONDS)
        if self._error or not self._server:
            self.stop()
            raise ExplanationError(f"The server didn't start: {self._error or 'it takes too long'}.")
        self.port = int(config.get_option("server.port"))

    def stop(self) -> None:
        """End the server, and leave Streamlit in this process as it was before."""
        if self._server:
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(STOP_SECONDS)
        self._runtime._instance = None
        for owner, name, value in reversed(self._changed):
            setattr(owner, name, value)
        sys.modules["__main__"] = self._main

    def _change(self, owner: Any, name: str, value: Any) -> None:
        self._changed.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def _run(self, script: str) -> None:
        try:
            self._loop.run_until_complete(self._serve(script))
        except BaseException as error:  # Streamlit ends the process where it can't open its port
            self._error = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self, script: str) -> None:
        from streamlit.web import bootstrap
        from streamlit.web.server import Server

        server = Server(script, is_hello=False)
        await server.start()
        bootstrap.prepare_streamlit_environment(script)
        self._server = server
        self._ready.set()
        await server.stopped


def _refuse_taken(port: int | None) -> None:
    """Raise ExplanationError for a port that can't be had."""
    if port is None:
        return
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ExplanationError(
                f"Port {port} can't be had: {reason}. Name another one, or none, to get one that is free."
            ) from error


def _no_address() -> None:
    """Return no address of this machine; Streamlit would ask an outside service where a page elsewhere connects."""


def _stand_in(name: str, main: ModuleType) -> ModuleType:
    """Make the module that Streamlit runs the page in, as `__main__`; what it lacks is the program's own.

    Otherwise classes of a notebook couldn't be pickled any more once a page has run.
    """
    module = ModuleType(name)
    vars(module)["__getattr__"] = lambda attribute: getattr(main, attribute)
    return module
