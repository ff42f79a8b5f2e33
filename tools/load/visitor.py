"""Visitors of a running dashboard, who speak Streamlit's protocol over its websocket."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tools.load.server import HOST


@dataclass
class Page:
    """What one run of the script has drawn so far.

    run:      Streamlit's id of the run.
    over:     whether the run has reached its end.
    maps:     each figure of the map as JSON, and when it came; the newest is the last.
    widgets:  {key: (kind of element, its id)}.
    options:  {key: the texts of its options}.
    troubles: the exceptions and errors that the page shows.
    """

    run: str = ""
    over: bool = False
    maps: list[tuple[str, float]] = field(default_factory=list)
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def draw(self, element: Element) -> None:
        """Record a new element."""
        kind = element.WhichOneof("type") or ""
        drawn: Any = getattr(element, kind)
        key = getattr(drawn, "id", "").partition("-")[2].partition("-")[2]  # ids are $$ID-hash-key
        if kind == "plotly_chart" and key == "map":
            self.maps.append((drawn.spec, time.perf_counter()))
        elif kind == "exception":
            self.troubles.append(f"{drawn.type}: {drawn.message}")
        elif kind == "alert" and drawn.format == Alert.ERROR:
            self.troubles.append(drawn.body)
        elif key:
            self.widgets[key] = kind, drawn.id
            if kind in ("selectbox", "button_group"):
                self.options[key] = [str(getattr(option, "content", option)) for option in drawn.options]

    def option(self, key: str, title: str) -> str | None:
        """Return the text of the option with this title, with or without its cost; None if it isn't offered."""
        return next((text for text in self.options.get(key, ()) if text.partition(" · ")[0] == title), None)


class Visitor:
    """One browser tab.

    page:    the page that it shows.
    stopped: how many of its runs ended early because something else was chosen.
    """

    def __init__(self, stream: ClientConnection) -> None:
        self.page = Page()
        self.stopped = 0
        self._stream = stream
        self._query = ""
        self._last = ""  # the run that was on the page at the last request

    async def open(self, address: Mapping[str, Any]) -> None:
        """Ask for the page with these settings in its address."""
        self._query = urlencode({key: str(value) for key, value in address.items()})
        await self._ask([])

    async def choose(self, choices: Mapping[str, Any]) -> None:
        """Set widgets on the page, by key; an option is given by its text."""
        await self._ask([_widget_state(*self.page.widgets[key], value) for key, value in choices.items()])

    async def until(self, condition: Callable[[Page], Any]) -> Page:
        """Wait until the page that was asked for last meets a condition, and return it."""
        while self.page.run == self._last or not condition(self.page):
            message = ForwardMsg()
            message.ParseFromString(await self._stream.recv(decode=False))
            self._take(message)
        return self.page

    async def _ask(self, states: list[WidgetState]) -> None:
        """Request a run of the script with these widgets set."""
        self._last = self.page.run
        state = ClientState(query_string=self._query, widget_states=WidgetStates(widgets=states))
        await self._stream.send(BackMsg(rerun_script=state).SerializeToString())

    def _take(self, message: ForwardMsg) -> None:
        """Apply a message of the server to the page. Raises RuntimeError where the script can't be compiled."""
        run = message.metadata.run.script_run_id
        match message.WhichOneof("type"):
            case "new_session":
                self.page = Page(run)
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "delta" if message.delta.WhichOneof("type") == "new_element":
                self.page.draw(message.delta.new_element)
            case "script_finished" if run == self.page.run:
                self.page.over = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                self.stopped += message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
            case "session_event" if message.session_event.HasField("script_compilation_exception"):
                raise RuntimeError(message.session_event.script_compilation_exception.message)


@asynccontextmanager
async def visitor(port: int) -> AsyncIterator[Visitor]:
    """Connect a visitor to the server."""
    async with connect(
        f"ws://{HOST}:{port}/_stcore/stream",
        origin=Origin(f"http://{HOST}:{port}"),
        subprotocols=[Subprotocol("streamlit")],
        compression=None,
        max_size=None,
        ping_interval=None,
        proxy=None,
    ) as stream:
        yield Visitor(stream)


def _widget_state(kind: str, identity: str, value: Any) -> WidgetState:
    """Encode the value of a widget as a browser does. Raises ValueError for a kind of widget that isn't known."""
    state = WidgetState(id=identity)
    match kind:
        case "selectbox" | "color_picker":
            state.string_value = value
        case "button_group":
            state.string_array_value.data.append(value)
        case "slider":
            state.double_array_value.data.append(value)
        case "number_input":
            state.double_value = value
        case "checkbox":
            state.bool_value = value
        case _:
            raise ValueError(f"nobody can set a {kind}")
    return state
