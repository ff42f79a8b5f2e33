"""The state of one visitor's session. This is the only module that names st.session_state and query parameters.

Settings stand in the page's address, so that a copied link restores them. Streamlit's own binding (bind="query-params")
forgets the address of a widget that was away for a run, as a method's knobs are while another method is chosen; so this
module reads the address that a visitor brings and writes it when the settings change. Both work on text, {key: value}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explainers.images.photo import Photo

KEPT_KEY = "kept"  # of the settings that aren't the default, as text, whether drawn or not
DRAWN_KEY = "drawn"  # of the settings drawn in this run, with their defaults
PAGE_KEY = "page"  # of the page of this run
SEPARATOR = "~"  # between the values of a list, as text: addresses need not escape it
SENT_ADDRESS_KEY = "told"  # of the address that the browser has or is about to get
UPLOAD_KEY = "upload"  # of the visitor's own photo


def begin() -> None:
    """Begin a run of the script: the address of a new visit, or of the back button, replaces all settings.

    Any other address that this module didn't write is out of date: the visitor clicked before the browser had received
    the new one. On another page, Streamlit takes widgets of the same key for new ones and would give them no value, so
    they start from the kept settings.
    """
    run = get_script_run_ctx()
    page = run.page_script_hash if run else ""
    new = KEPT_KEY not in st.session_state or (run is not None and run.is_history_navigation)
    if new or page != st.session_state[PAGE_KEY]:
        for key in (
            *st.session_state.get(DRAWN_KEY, ()),
            *st.session_state.get(KEPT_KEY, ()),
            *st.query_params.to_dict(),
        ):
            st.session_state.pop(key, None)
    if new:
        st.session_state[KEPT_KEY] = st.query_params.to_dict()
        st.session_state[SENT_ADDRESS_KEY] = st.query_params.to_dict()
    st.session_state[PAGE_KEY] = page
    st.session_state[DRAWN_KEY] = {}


def setting(key: str, default: Any, accepts: Callable[[Any], bool] = lambda value: True, first: Any = None) -> str:
    """Return the key of a widget whose value outlives it, and stands in the address unless it is the default.

    A value that the widget could not offer is dropped. The widget must be given no value of its own. Where the address
    names no value, the widget starts with `first`, if given, instead of the default.
    """
    if key not in st.session_state:
        st.session_state[key] = _parsed(st.session_state[KEPT_KEY].get(key), default if first is None else first)
    if not accepts(st.session_state[key]):
        st.session_state[key] = default
    st.session_state[DRAWN_KEY][key] = default
    return key


def publish() -> None:
    """Write the settings drawn in this run into the address.

    The address that came with this run may be out of date (see `begin`), so the one sent last is compared, too.
    """
    kept = st.session_state[KEPT_KEY]
    for key, default in st.session_state[DRAWN_KEY].items():
        if (value := st.session_state[key]) == default:
            kept.pop(key, None)
        else:
            kept[key] = SEPARATOR.join(value) if isinstance(value, list) else str(value)
    address = {key: kept[key] for key in st.session_state[DRAWN_KEY] if key in kept}
    if not st.query_params.to_dict() == st.session_state[SENT_ADDRESS_KEY] == address:
        st.query_params.from_dict(address)
        st.session_state[SENT_ADDRESS_KEY] = address


def settings() -> dict[str, str]:
    """Return all settings that aren't the default, as text."""
    return dict(st.session_state[KEPT_KEY])


def value(key: str, default: Any) -> Any:
    """Return the value of a setting, even while its widget isn't drawn."""
    return st.session_state[key] if key in st.session_state else _parsed(st.session_state[KEPT_KEY].get(key), default)


def named(key: str, default: Any, accepts: Callable[[Any], bool]) -> bool:
    """Whether the address names a value for this setting that its widget could offer."""
    text = st.session_state[KEPT_KEY].get(key)
    parsed = _parsed(text, default)
    return str(parsed) == text and accepts(parsed)


def choose(key: str, value: Any) -> None:
    """Set a setting before its widget is drawn again (from a callback)."""
    st.session_state[key] = value


def widget(key: str) -> Any:
    """Return the value of a widget (in its callback)."""
    return st.session_state[key]


def upload() -> Photo | None:
    """Return the visitor's own photo, if there is one; it is the same on every page."""
    return st.session_state.get(UPLOAD_KEY)


def keep_upload(photo: Photo | None) -> None:
    """Keep the visitor's own photo, or forget it (None)."""
    st.session_state[UPLOAD_KEY] = photo


def remember(key: str, value: Any) -> None:
    """Remember a value for this session that no widget holds."""
    st.session_state[f"remembered.{key}"] = value


def recall(key: str, default: Any = None) -> Any:
    """Return the value that `remember` was given."""
    return st.session_state.get(f"remembered.{key}", default)


def yield_to_streamlit() -> None:
    """Let Streamlit end this run here, as it can at every access to the session; nothing is sent to the browser."""
    st.session_state.get(PAGE_KEY)


def _parsed(text: str | None, default: Any) -> Any:
    """Parse a text of the address as a value of the default's type; return the default where that fails."""
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
