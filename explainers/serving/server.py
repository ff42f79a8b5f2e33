"""Streamlit's server in this process. Alone in the library, this imports Streamlit, and only to start a server."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from explainers.errors import ExplanationError

if TYPE_CHECKING:  # so that Streamlit comes along only when it is called
    from streamlit.web import server as web

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"  # nobody on another machine can connect
START_SECONDS, STOP_SECONDS = 60.0, 10.0


class Server:
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
        refuse_taken(port)
        script = str(ROOT / "dashboard.py")
        config._main_script_path = script  # so that the configuration beside it holds, wherever this process started
        quiet = {"server_headless": True, "logger_level": "warning"}
        bootstrap.load_config_options({"server_address": HOST, "server_port": port or 0, **quiet})
        self._runtime, self._main = runtime.Runtime, sys.modules["__main__"]
        self._changed: list[tuple[Any, str, Any]] = []
        self._change(net_util, "get_internal_ip", _no_address)
        self._change(net_util, "get_external_ip", _no_address)
        self._change(PagesManager, "uses_pages_directory", None)
        self._change(script_runner.ScriptRunner, "_new_module", lambda runner, name: stand_in(name, self._main))
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._error: BaseException | None = None
        self._server: web.Server | None = None
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
        from streamlit.web import server as web

        server = web.Server(script, is_hello=False)
        await server.start()
        bootstrap.prepare_streamlit_environment(script)
        self._server = server
        self._ready.set()
        await server.stopped


def refuse_taken(port: int | None) -> None:
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


def stand_in(name: str, main: ModuleType) -> ModuleType:
    """Make the module that Streamlit runs the page in, as `__main__`; what it lacks is the program's own.

    Otherwise classes of a notebook couldn't be pickled any more once a page has run.
    """
    module = ModuleType(name)
    vars(module)["__getattr__"] = lambda attribute: getattr(main, attribute)
    return module
