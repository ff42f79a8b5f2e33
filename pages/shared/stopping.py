"""What follows when the visitor has pressed Streamlit's Stop button.

Streamlit ends the run where it is, and nothing more can be drawn in it: a progress bar would stand there for ever, and
the map of an earlier question beside it. So the script runs once more, and that run begins no work that isn't done yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import cast

import streamlit as st
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.scriptrunner import ScriptRunContext, StopException, get_script_run_ctx

from pages.shared import state

STOPPED_KEY = "stopped"  # of the keys of work that waits since it was stopped
HOLDS_BACK_KEY = "holds-back"  # of whether this run begins no work any more
HELD_BACK_KEY = "held-back"  # of whether it has held some back
_STOPPED = set[str]()  # the sessions whose next run follows a stop: their own state can't be written in a run that ends


@contextmanager
def noticed() -> Iterator[None]:
    """Have the script run once more if the visitor stops it in this block."""
    run = get_script_run_ctx()
    state.remember(HOLDS_BACK_KEY, run is not None and run.session_id in _STOPPED)
    state.remember(HELD_BACK_KEY, False)
    if run:
        _STOPPED.discard(run.session_id)
    try:
        yield
    except StopException:
        if run and runtime.exists():
            _run_once_more(run)
        raise


def waits(work: Hashable) -> bool:
    """Whether work that isn't done waits for the visitor, because it, or what came before it, was stopped."""
    stopped: frozenset[Hashable] = state.recall(STOPPED_KEY, frozenset())
    if work not in stopped and not state.recall(HOLDS_BACK_KEY):
        return False
    state.remember(STOPPED_KEY, stopped | {work})
    state.remember(HOLDS_BACK_KEY, True)  # because what comes after it was to begin after it
    state.remember(HELD_BACK_KEY, True)
    return True


def offer_start() -> None:
    """Say that work was stopped, if this run has held some back, and offer to start it again."""
    if state.recall(HELD_BACK_KEY):
        with st.container(horizontal=True, vertical_alignment="center", key="stopped"):
            st.markdown("**Stopped.** What wasn't ready by then is missing.", width="content")
            st.button("Start again", key="start-again", icon=":material/play_arrow:", on_click=_start_again)


def _start_again() -> None:
    state.remember(STOPPED_KEY, frozenset())


def _run_once_more(run: ScriptRunContext) -> None:
    """Ask the server for another run, as the browser does after a click."""
    _STOPPED.add(run.session_id)
    server = runtime.get_instance()
    loop = cast("asyncio.Future[None]", server.stopped).get_loop()
    loop.call_soon_threadsafe(server.handle_backmsg, run.session_id, BackMsg(rerun_script=state.request_again(run)))
