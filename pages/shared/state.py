"""What one visitor's session remembers. The only module that names st.session_state and query parameters.

Settings stand in the page's address, so that a copied link restores them. Streamlit's own binding (bind="query-params")
forgets the address of a widget that was away for a run, as a method's knobs are while another method is chosen; so this
module reads the address that a visitor brings and writes it when the settings change. Both work on text, {key: value}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.photo import Photo

KEPT = "kept"  # settings that aren't the default, as text, drawn or not
DRAWN = "drawn"  # the settings of this run, with their defaults
PAGE = "page"  # the page of this run
SEPARATOR = "~"  # between the values of a list, as text: addresses need not escape it
TOLD = "told"  # the address that the browser has or is about to get
UPLOAD = "upload"


def begin() -> None:
    """Start a run: the address of a new visit, or of the back button, replaces all settings.

    Any other address that isn't ours is late: the visitor clicked before the browser had heard of the new one. On
    another page, widgets of the same key are new ones to Streamlit, which would give them no value: they start anew
    with what is kept.
    """
    run = get_script_run_ctx()
    page = run.page_script_hash if run else ""
    new = KEPT not in st.session_state or (run is not None and run.is_history_navigation)
    if new or page != st.session_state[PAGE]:
        for key in (*st.session_state.get(DRAWN, ()), *st.session_state.get(KEPT, ()), *st.query_params.to_dict()):
            st.session_state.pop(key, None)
    if new:
        st.session_state[KEPT] = st.query_params.to_dict()
        st.session_state[TOLD] = st.query_params.to_dict()
    st.session_state[PAGE] = page
    st.session_state[DRAWN] = {}


def setting(key: str, default: Any, accepts: Callable[[Any], bool] = lambda value: True, first: Any = None) -> str:
    """The key of a widget whose value stands in the address, unless it is the default, and outlives the widget.

    A value that the widget could not offer is dropped. The widget must be given no value of its own. `first`, if given,
    is what it starts with in place of the default where the address doesn't name it.
    """
    if key not in st.session_state:
        st.session_state[key] = _parsed(st.session_state[KEPT].get(key), default if first is None else first)
    if not accepts(st.session_state[key]):
        st.session_state[key] = default
    st.session_state[DRAWN][key] = default
    return key


def publish() -> None:
    """Write the settings drawn in this run into the address.

    The address that came with this run may be late (see `begin`): what we told the browser last counts, too.
    """
    kept = st.session_state[KEPT]
    for key, default in st.session_state[DRAWN].items():
        if (value := st.session_state[key]) == default:
            kept.pop(key, None)
        else:
            kept[key] = SEPARATOR.join(value) if isinstance(value, list) else str(value)
    address = {key: kept[key] for key in st.session_state[DRAWN] if key in kept}
    if not st.query_params.to_dict() == st.session_state[TOLD] == address:
        st.query_params.from_dict(address)
        st.session_state[TOLD] = address


def settings() -> dict[str, str]:
    """All settings that aren't the default, as text."""
    return dict(st.session_state[KEPT])


def value(key: str, default: Any) -> Any:
    """What a setting is, also while its widget isn't drawn."""
    return st.session_state[key] if key in st.session_state else _parsed(st.session_state[KEPT].get(key), default)


def named(key: str, default: Any, accepts: Callable[[Any], bool]) -> bool:
    """Whether the address names a value for this setting that its widget could offer."""
    text = st.session_state[KEPT].get(key)
    found = _parsed(text, default)
    return str(found) == text and accepts(found)


def choose(key: str, value: Any) -> None:
    """Set a setting before its widget is drawn again (from a callback)."""
    st.session_state[key] = value


def widget(key: str) -> Any:
    """What a widget holds (in its callback)."""
    return st.session_state[key]


def upload() -> Photo | None:
    """The visitor's own picture, if there is one; it stays on every page."""
    return st.session_state.get(UPLOAD)


def keep_upload(picture: Photo | None) -> None:
    """Remember the visitor's own picture, or forget it."""
    st.session_state[UPLOAD] = picture


def note(key: str, value: Any) -> None:
    """Remember something for this session that no widget shows."""
    st.session_state[f"note.{key}"] = value


def noted(key: str, default: Any = None) -> Any:
    """What `note` remembered."""
    return st.session_state.get(f"note.{key}", default)


def may_end() -> None:
    """A place where Streamlit can end a run, as every look at the session is; the browser hears nothing of it."""
    st.session_state.get(PAGE)


def _parsed(text: str | None, default: Any) -> Any:
    """The text of an address as a value of the default's type; the default where it isn't one."""
    if text is None:
        return default
    if isinstance(default, list):
        return text.split(SEPARATOR) if text else []
    if isinstance(default, bool):
        return {"True": True, "False": False}.get(text, default)
    try:
        return type(default)(text)
    except ValueError:
        return default
