"""The state of one visitor's session. This is the only module that names st.session_state and query parameters.

Settings stand in the page's address, so that a copied link restores them. Streamlit's own binding (bind="query-params")
forgets the address of a widget that was away for a run, as a method's knobs are while another method is chosen; so this
module reads the address that a visitor brings and writes it when the settings change. Both work on text, {key: value}.
A stranger may have written the address: it sets no key of the session by itself, and a widget checks each value first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import RerunData, ScriptRunContext, get_script_run_ctx
from streamlit.runtime.state.common import user_key_from_element_id
from streamlit.runtime.state.query_params import EMBED_QUERY_PARAMS_KEYS
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.visits import VISITS

if TYPE_CHECKING:  # it takes seconds, and the state is there before
    from explainers.images.photo import Photo

KEPT_KEY = "kept"  # of the settings that aren't the default, as text, whether drawn or not
DRAWN_KEY = "drawn"  # of the settings drawn in this run, with their defaults
DECLARED_KEY = "declared"  # of the keys that code, never an address, has given a value in this session
PAGE_KEY = "page"  # of the page of this run
DRAWN_BY_KEY = "drawn-by"  # of the keys of all settings that each page has drawn in this session
SEPARATOR = "~"  # between the values of a list, as text: addresses need not escape it
LEAVES_KEY, LEFT_KEY = "leaves", "left"  # of whether the next run, or this one, leaves the address as it is
SENT_ADDRESS_KEY = "told"  # of the address that the browser has or is about to get
ARRIVED_KEY = "arrived"  # of whether a link of another page has led here, and nothing was published since
CARRIED_KEY = "carried"  # of the keys in the address that such a link, or the back button, brought of other pages
BROUGHT_KEY = "brought"  # of the states of widgets that a browser brought from before a restart of the server
UPLOAD_KEY = "upload"  # of the visitor's own photo


def anything(value: Any) -> bool:
    """The check of a widget that could offer every value of its type."""
    return True


def begin() -> None:
    """Begin a run of the script: the address of a new visit replaces all settings, that of the back button its page's.

    Any other address that this module didn't write is out of date: the visitor clicked before the browser had received
    the new one. On another page, Streamlit takes widgets of the same key for new ones and would give them no value, so
    they start from the kept settings.
    """
    run = get_script_run_ctx()
    page = run.page_script_hash if run else ""
    if run and BROUGHT_KEY not in st.session_state:
        VISITS.come(run.session_id, run.session_state)
        st.session_state[BROUGHT_KEY] = brought = run.session_state.get_widget_states()
        if brought:
            _run_again(run, [WidgetState(id=state.id) for state in brought])  # without values; see `deliver`
    if is_new := KEPT_KEY not in st.session_state:
        st.session_state[DECLARED_KEY], st.session_state[CARRIED_KEY] = set(), set()
        st.session_state[DRAWN_BY_KEY] = {}
    returned = run is not None and run.is_history_navigation
    st.session_state[LEFT_KEY] = st.session_state.pop(LEAVES_KEY, False) or returned
    if is_new or returned:
        address = st.query_params.to_dict()
        st.session_state[SENT_ADDRESS_KEY], st.session_state[ARRIVED_KEY] = address, False
        own = st.session_state[DRAWN_BY_KEY].get(page, set())
        others = {} if is_new else {key: text for key, text in settings().items() if key not in own}
        replace(others | address)
    elif page != st.session_state[PAGE_KEY]:
        _forget_declared()
        st.session_state[ARRIVED_KEY] = True
    st.session_state[PAGE_KEY] = page
    st.session_state[DRAWN_KEY] = {}


def setting(key: str, default: Any, accepts: Callable[[Any], bool] = anything, first: Any = None) -> str:
    """Return the key of a widget whose value outlives it, and stands in the address unless it is the default.

    A value that the widget could not offer is dropped. The widget must be given no value of its own. Where the address
    names no value, the widget starts with `first`, if given, instead of the default.
    """
    if key not in st.session_state:
        is_named = key in st.session_state[KEPT_KEY]
        choose(key, _kept(key, default, accepts) if is_named or first is None else first)
    if not accepts(st.session_state[key]):
        choose(key, default)
    st.session_state[DRAWN_KEY][key] = default
    return key


def publish(*, complete: bool = True) -> None:
    """Write the settings drawn in this run into the address; a run that ended before all were drawn keeps the others.

    The address that came with this run may be out of date (see `begin`), so the one sent last is compared, too. To an
    address that the back button led to, none is added: the button would lead back to it for ever. Nor is one added
    to that of a link which brought all settings, also those of other pages: it would take another press of the button.
    """
    kept, own = st.session_state[KEPT_KEY], st.session_state[DRAWN_BY_KEY]
    own.setdefault(st.session_state[PAGE_KEY], set()).update(st.session_state[DRAWN_KEY])
    for key, default in st.session_state[DRAWN_KEY].items():
        if (value := st.session_state[key]) == default:
            kept.pop(key, None)
        else:
            kept[key] = _text(value)
    address = {key: kept[key] for key in (st.session_state[DRAWN_KEY] if complete else kept) if key in kept}
    came, left = st.query_params.to_dict(), st.session_state[LEFT_KEY]
    others: set[str] = st.session_state[CARRIED_KEY]
    if left or st.session_state[ARRIVED_KEY]:
        others, st.session_state[SENT_ADDRESS_KEY] = {*came}, came
    carried = {key: text for key, text in came.items() if key in others - st.session_state[DRAWN_KEY].keys()}
    if not left and not (came == st.session_state[SENT_ADDRESS_KEY] and came in (address, carried | address)):
        st.query_params.from_dict(address)
        st.session_state[SENT_ADDRESS_KEY], carried = address, {}
    if complete:
        st.session_state[CARRIED_KEY], st.session_state[ARRIVED_KEY] = {*carried}, False


def carries() -> bool:
    """Return whether the address has settings of other pages beside those that this page has published."""
    return bool(st.session_state[CARRIED_KEY])


def shown_keys() -> list[str]:
    """Return the keys of what may stand in the address that a visitor sees of this page: its settings, Streamlit's."""
    return sorted({*st.session_state[DRAWN_KEY], *EMBED_QUERY_PARAMS_KEYS})


def leave_address() -> None:
    """Let the next run leave the address as it comes with it, so that one press of the back button leads before it."""
    st.session_state[LEAVES_KEY] = True


def forget(key: str) -> None:
    """Set a setting back to its default, whether it is drawn or not."""
    st.session_state[KEPT_KEY].pop(key, None)
    st.session_state.pop(key, None)


def replace(settings: Mapping[str, str]) -> None:
    """Replace all settings by these texts before a page is drawn; widgets check them as those of an address."""
    _forget_declared()
    kept = {key: text for key, text in settings.items() if key.lower() not in EMBED_QUERY_PARAMS_KEYS}
    st.session_state[KEPT_KEY] = kept  # without Streamlit's own, which no script may set


def settings() -> dict[str, str]:
    """Return all settings that aren't the default, as text."""
    return dict(st.session_state[KEPT_KEY])


def drawn() -> dict[str, str]:
    """Return the settings that this run has drawn, as text, also those at their default."""
    return {key: _text(st.session_state[key]) for key in st.session_state[DRAWN_KEY]}


def address() -> dict[str, str]:
    """Return the settings that this page has in its address, once they are published."""
    sent, carried = st.session_state[SENT_ADDRESS_KEY], st.session_state[CARRIED_KEY]
    return {key: text for key, text in sent.items() if key not in carried}


def value(key: str, default: Any, accepts: Callable[[Any], bool] = anything) -> Any:
    """Return the value of a setting, even while its widget isn't drawn; `accepts` is that widget's check.

    What a browser sends for a widget may be no option of it: of another version of the page, or made up.
    """
    if key not in st.session_state:
        return _kept(key, default, accepts)
    return st.session_state[key] if accepts(st.session_state[key]) else default


def named(key: str, default: Any, accepts: Callable[[Any], bool]) -> bool:
    """Whether the address names a value for this setting that its widget could offer."""
    text: str | None = st.session_state[KEPT_KEY].get(key)
    return str(_kept(key, default, accepts)) == text


def choose(key: str, value: Any) -> None:
    """Set a setting before its widget is drawn again."""
    st.session_state[DECLARED_KEY].add(key)
    st.session_state[key] = value


def prefer(key: str, value: Any) -> None:
    """Set a widget that isn't in the address, wherever it is drawn next."""
    st.session_state[key] = value


def widget(key: str, default: Any = None) -> Any:
    """Return the value of a widget that isn't in the address; the default if it has never been drawn."""
    return st.session_state.get(key, default)


def upload() -> Photo | None:
    """Return the visitor's own photo, if there is one; it is the same on every page."""
    return st.session_state.get(UPLOAD_KEY)


def keep_upload(photo: Photo | None) -> None:
    """Keep the visitor's own photo, or forget it (None)."""
    st.session_state[UPLOAD_KEY] = photo
    hold(photo)


def hold(photo: Photo | None) -> None:
    """Note that what the server computes about this photo belongs to this visit."""
    hold_for("photo", [photo.digest] if photo else [])


def hold_for(purpose: str, subjects: Iterable[str]) -> None:
    """Note that what is computed about the photos or classifiers of these hashes belongs to this visit."""
    if run := get_script_run_ctx():
        VISITS.hold(run.session_id, purpose, subjects)


def visit_name() -> str:
    """Return the name of this visit, which nobody else is told."""
    run = get_script_run_ctx()
    return run.session_id if run else ""


def free(file: UploadedFile) -> None:
    """Drop the bytes of a file that a widget was given; the widget itself must not be drawn again."""
    run = get_script_run_ctx()
    if run and isinstance(run.uploaded_file_mgr, MemoryUploadedFileManager):
        run.uploaded_file_mgr.remove_file(run.session_id, file.file_id)


def remember(key: str, value: Any) -> None:
    """Remember a value for this session that no widget holds."""
    st.session_state[f"remembered.{key}"] = value


def recall(key: str, default: Any = None) -> Any:
    """Return the value that `remember` was given."""
    return st.session_state.get(f"remembered.{key}", default)


def unlearn(key: str) -> None:
    """Forget the value that `remember` was given."""
    st.session_state.pop(f"remembered.{key}", None)


def yield_to_streamlit() -> None:
    """Let Streamlit end this run here, as it can at every access to the session; nothing is sent to the browser."""
    st.session_state.get(PAGE_KEY)


def deliver(*, last: bool = False) -> None:
    """Run the script again with what the browser brought for the widgets drawn so far; `last` drops the rest.

    After a restart of the server, a browser's first click comes to a new session, which has no widgets yet whose
    callbacks could hear it. So the page is drawn from its address first, and the click comes after.
    """
    run, brought = get_script_run_ctx(), st.session_state.get(BROUGHT_KEY)
    if run is None or not brought:
        return
    drawn = run.shared.widget_ids_this_run.snapshot()
    heard = [state for state in brought if state.id in drawn]
    st.session_state[BROUGHT_KEY] = [] if last else [state for state in brought if state.id not in drawn]
    if heard:
        _run_again(run, heard)


def request_again(run: ScriptRunContext) -> ClientState:
    """Return a request for another run with the widgets as they are, but for clicks, which count once.

    What code has set in this run is left out, because Streamlit remembers it: the states have what stood there before.
    """
    widgets = run.session_state.get_widget_states()
    heard = [
        each for each in widgets if not run.session_state.is_new_state_value(user_key_from_element_id(each.id) or "")
    ]
    return ClientState(
        query_string=run.query_string,
        page_script_hash=run.page_script_hash,
        widget_states=WidgetStates(widgets=[each for each in heard if "trigger" not in str(each.WhichOneof("value"))]),
        context_info=run.context_info,
        cached_message_hashes=run.cached_message_hashes,
    )


def _forget_declared() -> None:
    """Let the widgets that code has given a value start from the kept settings."""
    for key in st.session_state[DECLARED_KEY]:
        st.session_state.pop(key, None)


def _run_again(run: ScriptRunContext, states: list[WidgetState]) -> None:
    """End this run of the script for another, as if the browser had just sent these states of widgets."""
    if run.script_requests:
        request = RerunData(
            query_string=run.query_string,
            page_script_hash=run.page_script_hash,
            widget_states=WidgetStates(widgets=states),
            cached_message_hashes=run.cached_message_hashes,
            context_info=run.context_info,
        )
        run.script_requests.request_rerun(request)
        yield_to_streamlit()


def _kept(key: str, default: Any, accepts: Callable[[Any], bool]) -> Any:
    """Return the kept value of a setting; the default if there is none that its widget could offer."""
    parsed = _parsed(st.session_state[KEPT_KEY].get(key), default)
    return parsed if accepts(parsed) else default


def _text(value: Any) -> str:
    """Write the value of a setting as it stands in an address."""
    return SEPARATOR.join(value) if isinstance(value, list) else str(value)


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
