"""A visit ends soon after its tab is closed, and nothing that its visitor gave to the server outlives it.

Streamlit keeps what a closed tab had for two minutes, and cleans up only when somebody connects or a script runs.
So this module looks after the visits itself, in a thread that runs while there are any.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from streamlit import runtime
from streamlit.runtime.state import SafeSessionState

LOOK_INTERVAL = 2.0  # seconds between looks at who is still there
GRACE = 20.0  # seconds: a connection that comes back sooner finds its visit as it was
EMPTY = 60.0  # seconds without a visit after which nothing is kept that can be computed again
SERVING = (runtime.RuntimeState.NO_SESSIONS_CONNECTED, runtime.RuntimeState.ONE_OR_MORE_SESSIONS_CONNECTED)


@dataclass
class Visit:
    """One visitor's session.

    session: all that it holds.
    own:     hashes of the photos and classifiers that the visitor has brought, by what they are kept for.
    left_at: when the visitor was first seen to be away; None while the tab is open.
    """

    session: SafeSessionState
    own: dict[str, frozenset[str]] = field(default_factory=dict)
    left_at: float | None = None

    def holds(self, subject: str) -> bool:
        """Whether the visitor has brought the photo or classifier of this hash."""
        return any(subject in subjects for subjects in self.own.values())


class Visits:
    """The visits to this server, and the functions to call when a visit, the last that holds a thing, or all end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}
        self._forgetters: list[Callable[[str], None]] = []
        self._enders: list[Callable[[str], None]] = []
        self._emptiers: list[Callable[[], None]] = []
        self._watch: threading.Thread | None = None

    def when_gone(self, forget: Callable[[str], None]) -> None:
        """Call `forget` with the hash of every photo and classifier that no visit holds any more."""
        self._forgetters.append(forget)

    def when_ended(self, end: Callable[[str], None]) -> None:
        """Call `end` with the name of every visit that has ended."""
        self._enders.append(end)

    def when_empty(self, forget: Callable[[], None]) -> None:
        """Call `forget` when there has been no visit for a while."""
        self._emptiers.append(forget)

    def come(self, name: str, session: SafeSessionState) -> None:
        """Note a new visit and its session; a script that runs without a server is no visit."""
        if not _serving():
            return
        with self._lock:
            self._visits[name] = Visit(session)
            if self._watch is None:
                self._watch = threading.Thread(target=self._look_again_and_again, name="whypixel visits", daemon=True)
                self._watch.start()

    def hold(self, name: str, purpose: str, subjects: Iterable[str]) -> None:
        """Note that a visit holds the photos or classifiers of these hashes for a purpose, instead of any others."""
        with self._lock:
            visit = self._visits.get(name)
            if visit is None:
                return
            before, visit.own[purpose] = visit.own.get(purpose, frozenset()), frozenset(subjects)
        self._forget_if_gone(before)

    def look(self) -> list[Visit]:
        """End the visits whose tab has been closed for long enough, and return them."""
        now, ended = time.monotonic(), []
        with self._lock:
            for name, visit in self._visits.items():
                if runtime.get_instance().is_active_session(name):
                    visit.left_at = None
                elif visit.left_at is None:
                    visit.left_at = now
                elif now - visit.left_at >= GRACE:
                    ended.append(name)
            visits = [(name, self._visits.pop(name)) for name in ended]
        for name, visit in visits:
            runtime.get_instance().clear_user_info_for_session(name)  # which ends a session that has no connection
            _empty(visit.session)
            _tell(self._enders, name)
            self._forget_if_gone(frozenset().union(*visit.own.values()))
        return [visit for _, visit in visits]

    def _forget_if_gone(self, subjects: frozenset[str]) -> None:
        with self._lock:
            gone = [one for one in subjects if not any(visit.holds(one) for visit in self._visits.values())]
        for subject in gone:
            _tell(self._forgetters, subject)

    def _look_again_and_again(self) -> None:
        """Look at the visits until there have been none for a while."""
        ended: list[Visit] = []
        empty_since: float | None = None
        while _serving():
            time.sleep(LOOK_INTERVAL)
            swept = bool(ended)
            _sweep(ended, nobody_left=not self._visits)  # Streamlit has closed their sessions by now
            ended = self.look()
            if swept and not ended:  # files for download were only marked, so that browsers can still fetch them
                time.sleep(LOOK_INTERVAL)
                if _serving():
                    _drop_files()
            empty_since = None if self._visits or ended else empty_since or time.monotonic()
            if empty_since is not None and time.monotonic() - empty_since >= EMPTY and self._closed():
                return

    def _closed(self) -> bool:
        """End the watch, and forget what is kept for the next visits; False if somebody has come meanwhile."""
        with self._lock:
            if self._visits:
                return False
            self._watch = None
        _tell(self._emptiers)
        gc.collect()
        _give_back(nobody_left=True)
        return True


def _tell(listeners: Iterable[Callable[..., None]], *words: str) -> None:
    """Call each of them. One that fails is logged, for neither the others nor the watch may end with it."""
    for listener in listeners:
        try:
            listener(*words)
        except Exception:
            logging.getLogger(__name__).exception("Something of a visit that has ended could not be dropped.")


def _serving() -> bool:
    """Whether a server is running, as it isn't where a test runs a page by itself."""
    return runtime.exists() and runtime.get_instance().state in SERVING


def _empty(session: SafeSessionState) -> None:
    """Drop all that a session holds; what Streamlit keeps of it may live on until it is collected."""
    for key in session.filtered_state:
        del session[key]


def _sweep(ended: list[Visit], *, nobody_left: bool) -> None:
    """Drop the files that only ended visits showed, and collect the reference cycles that hold what visitors had.

    That stops everybody else meanwhile, so it is done where what a visitor brought is among it, or nobody is left.
    """
    if not ended:
        return
    runtime.get_instance().media_file_mgr.remove_orphaned_files()
    if nobody_left or any(any(visit.own.values()) for visit in ended):
        gc.collect()
        _give_back()


def _drop_files() -> None:
    """Drop the files for download that were marked before."""
    runtime.get_instance().media_file_mgr.remove_orphaned_files()
    _give_back()


def _give_back(*, nobody_left: bool = False) -> None:
    """Give the memory that is free now back to the system; all of it where that slows nobody down."""
    from explainers.runtime.allocator import release_freed_memory, release_tops  # which a page has loaded by now

    (release_tops if nobody_left else release_freed_memory)()


VISITS = Visits()
