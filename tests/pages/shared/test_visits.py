"""A visit ends soon after its tab is closed, and what its visitor gave is gone from the server, which goes on."""

import asyncio
import gc
import logging
import socket
import threading
import time
import weakref
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit import config, runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileUploaderState, UploadedFileInfo
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server import Server

from explainers.classifiers.weights_source import WeightsSource
from explainers.images.photo import Photo
from pages.shared import jobs, visits
from pages.shared.visits import VISITS, Visits
from tools.fuzz_addresses import ROOT, stand_in
from tools.load.visitor import visitor

SOON = 60  # seconds: nothing here takes a tenth of it


def until(condition):
    """Wait for it."""
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Ground:
    """Stands in for Streamlit: who is connected, which sessions were ended, and what time it is."""

    def __init__(self):
        self.connected, self.ended, self.now = set(), [], 0.0
        self.state = runtime.RuntimeState.NO_SESSIONS_CONNECTED
        self.is_active_session, self.clear_user_info_for_session = self.connected.__contains__, self.ended.append

    def monotonic(self):
        return self.now


class Session(dict):
    """Stands in for a session's state."""

    @property
    def filtered_state(self):
        return dict(self)


@pytest.fixture
def ground(monkeypatch):
    ground = Ground()
    server = SimpleNamespace(exists=lambda: True, get_instance=lambda: ground)
    monkeypatch.setattr(visits, "runtime", server)
    monkeypatch.setattr(visits, "time", ground)
    monkeypatch.setattr(visits.threading, "Thread", lambda **options: SimpleNamespace(start=lambda: None))
    return ground


@pytest.fixture
def gone():
    """The photos that no visit holds any more."""
    return []


@pytest.fixture
def ours(ground, gone):
    ours = Visits()
    ours.when_gone(gone.append)
    return ours


@pytest.fixture
def come(ours, ground):
    """(name, photo=None) -> the session of a visitor who comes, with a photo if one is named."""

    def make(name, photo=None):
        ground.connected.add(name)
        ours.come(name, session := Session(upload=photo))
        if photo:
            ours.hold(name, "photo", [photo])
        return session

    return make


def look(ours, ground, seconds):
    """Let time go by, with a look at its end."""
    ground.now += seconds
    return ours.look()


def test_what_is_left_of_a_visit_is_gone_within_half_a_minute():
    # Seen, waited for, ended, swept, and swept again for what was only marked.
    assert visits.LOOK_INTERVAL + visits.GRACE + 3 * visits.LOOK_INTERVAL < 30


def test_a_file_for_download_is_removed_which_streamlit_only_marks_at_first(ours, ground, come, monkeypatch):
    removals = []
    ground.media_file_mgr = SimpleNamespace(remove_orphaned_files=lambda: removals.append(ground.now))
    ground.sleep = lambda seconds: setattr(ground, "now", ground.now + seconds)
    monkeypatch.setattr(visits.gc, "collect", lambda: None)
    come("anna", "cat")
    ground.connected.remove("anna")
    ours._look_again_and_again()
    assert len(removals) == 2
    assert removals[1] < 30


def test_a_visit_ends_once_its_tab_was_closed_for_long_enough(ours, ground, come, gone):
    session = come("anna", "cat")
    ground.connected.remove("anna")
    assert look(ours, ground, 2) == []
    assert look(ours, ground, visits.GRACE - 0.1) == []
    assert (session, ground.ended, gone) == ({"upload": "cat"}, [], [])
    look(ours, ground, 0.2)
    assert (session, ground.ended, gone) == ({}, ["anna"], ["cat"])
    assert look(ours, ground, 100) == []


@pytest.mark.parametrize(
    ("photos", "nobody_left", "collections"),
    [([[]], True, 1), ([["cat"], []], False, 1), ([[]], False, 0), ([], True, 0)],
)
def test_memory_is_given_back_where_a_photo_is_gone_or_nobody_is_left(
    ground, monkeypatch, photos, nobody_left, collections
):
    done = []
    ground.media_file_mgr = SimpleNamespace(remove_orphaned_files=lambda: None)
    monkeypatch.setattr(visits.gc, "collect", lambda: done.append("collected"))
    visits._sweep([visits.Visit(Session(), {"photo": frozenset(photo)}) for photo in photos], nobody_left=nobody_left)
    assert len(done) == collections


def test_who_comes_back_in_time_finds_all_as_it_was(ours, ground, come, gone):
    session = come("anna", "cat")
    for _ in range(3):
        ground.connected.remove("anna")
        look(ours, ground, 2)
        look(ours, ground, visits.GRACE - 1)
        ground.connected.add("anna")
        look(ours, ground, 2)
    assert (session, ground.ended, gone) == ({"upload": "cat"}, [], [])


def test_an_open_tab_may_stay_for_ever(ours, ground, come, gone):
    come("anna", "cat")
    for _ in range(5):
        assert look(ours, ground, 10**6) == []
    assert gone == []


def test_a_photo_that_two_visits_hold_is_gone_with_the_second(ours, ground, come, gone):
    come("anna", "cat")
    come("bert", "cat")
    ground.connected.remove("anna")
    look(ours, ground, 0)
    look(ours, ground, visits.GRACE)
    assert (ground.ended, gone) == (["anna"], [])
    ground.connected.remove("bert")
    look(ours, ground, 0)
    look(ours, ground, visits.GRACE)
    assert (ground.ended, gone) == (["anna", "bert"], ["cat"])


def test_a_photo_that_is_replaced_or_removed_is_gone_at_once(ours, come, gone):
    come("anna", "cat")
    ours.hold("anna", "photo", ["dog"])
    assert gone == ["cat"]
    ours.hold("anna", "photo", [])
    assert gone == ["cat", "dog"]
    ours.hold("anna", "photo", [])
    ours.hold("nobody", "photo", ["bird"])
    assert gone == ["cat", "dog"]


def test_what_is_held_for_two_purposes_is_gone_with_the_second(ours, come, gone):
    come("anna", "cat")
    ours.hold("anna", "preview", ["tiny", "large"])
    ours.hold("anna", "classifiers", ["tiny"])
    ours.hold("anna", "preview", [])
    assert gone == ["large"]
    ours.hold("anna", "classifiers", [])
    assert gone == ["large", "tiny"]


def test_the_end_of_a_visit_is_told(ours, ground, come):
    told = []
    ours.when_ended(told.append)
    come("anna")
    ground.connected.remove("anna")
    look(ours, ground, 0)
    look(ours, ground, visits.GRACE)
    assert told == ["anna"]


def test_what_can_be_computed_again_is_forgotten_once_nobody_has_been_there_for_a_minute(
    ours, ground, come, monkeypatch
):
    forgotten, sleeps = [], []
    ours.when_empty(lambda: forgotten.append(ground.now))
    ground.media_file_mgr = SimpleNamespace(remove_orphaned_files=lambda: None)
    monkeypatch.setattr(visits.gc, "collect", lambda: None)

    def sleep(seconds):
        ground.now += seconds
        sleeps.append(seconds)
        if ground.now == 40:  # in the middle of the minute
            come("bert")
        if ground.now == 200:
            ground.connected.remove("bert")

    ground.sleep = sleep
    come("anna")
    ground.connected.remove("anna")
    ours._look_again_and_again()
    assert len(forgotten) == 1
    assert 200 + visits.GRACE + visits.EMPTY <= forgotten[0] <= 200 + visits.GRACE + visits.EMPTY + 10
    assert ours._watch is None


def test_who_comes_at_the_last_moment_finds_what_is_kept(ours, come):
    forgotten = []
    ours.when_empty(lambda: forgotten.append("all"))
    come("anna")
    assert not ours._closed()
    assert forgotten == []
    assert ours._watch is not None


def fail(*_):
    raise RuntimeError("a full disk, say")


def test_what_fails_to_forget_keeps_nobody_else_from_it(ground, gone, monkeypatch):
    ours, forgotten, logged = Visits(), [], []
    monkeypatch.setattr(logging.getLogger(visits.__name__), "exception", logged.append)
    for notify, done in (
        (ours.when_gone, gone.append),
        (ours.when_ended, forgotten.append),
        (ours.when_empty, lambda: forgotten.append("all")),
    ):
        notify(fail)
        notify(done)
    ground.connected.add("anna")
    ours.come("anna", Session())
    ours.hold("anna", "photo", ["cat"])
    ground.connected.clear()
    look(ours, ground, 0)
    assert len(look(ours, ground, visits.GRACE)) == 1
    assert ours._closed()
    assert (gone, forgotten) == (["cat"], ["anna", "all"])
    assert len(logged) == 3


def test_a_photo_that_is_given_again_is_not_gone(ours, come, gone):
    come("anna", "cat")
    ours.hold("anna", "photo", ["cat"])
    assert gone == []


def test_a_page_without_a_server_is_no_visit(ours, ground, come):
    ground.state = runtime.RuntimeState.STOPPED
    session = come("anna", "cat")
    ground.connected.clear()
    look(ours, ground, 0)
    assert look(ours, ground, visits.GRACE) == []
    assert session == {"upload": "cat"}


@pytest.fixture
def port(monkeypatch):
    """The port of a server in this process, whose grace is short and whose classifier costs nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for option, value in {"server.address": "127.0.0.1", "server.port": port, "server.headless": True}.items():
        monkeypatch.setitem(config.get_config_options(), option, config.get_config_options()[option])
        config.set_option(option, value)
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)  # a page without others may have run before
    monkeypatch.setattr(WeightsSource, "load", stand_in)
    monkeypatch.setattr(visits, "GRACE", 0.3)
    monkeypatch.setattr(visits, "LOOK_INTERVAL", 0.1)
    monkeypatch.setattr(visits, "EMPTY", 0.5)
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve():
        server = Server(str(ROOT / "dashboard.py"), is_hello=False)
        await server.start()
        stops.append(server.stop)
        ready.set()
        await server.stopped

    stops = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(SOON)
    yield port
    loop.call_soon_threadsafe(stops[0])
    thread.join(SOON)
    loop.close()
    monkeypatch.setattr(runtime.Runtime, "_instance", None)
    jobs.shared.clear()


def noise(seed):
    """A file with a picture that no other test has."""
    file = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (40, 60, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


async def give(tab, files):
    """Upload files as a browser does, and wait for the map of the first picture."""
    (name,) = VISITS._visits
    infos = []
    for file, data in files.items():
        runtime.get_instance().uploaded_file_mgr.add_file(name, UploadedFileRec(file, file, "image/png", data))
        infos.append(UploadedFileInfo(file_id=file, name=file, size=len(data)))
    state = WidgetState(
        id=tab.page.widgets["upload-0"][1], file_uploader_state_value=FileUploaderState(uploaded_file_info=infos)
    )
    tab._last = tab.page.run
    request = ClientState(widget_states=WidgetStates(widgets=[state]))
    await tab._stream.send(BackMsg(rerun_script=request).SerializeToString())
    await tab.until(lambda page: page.over)


def shown(digest):
    """The results about a photo that the server keeps."""
    return [kept.result for kept in jobs.shared()._results["explanations"].values() if digest in kept.about]


def test_nothing_of_an_upload_outlives_its_visit(port, job):
    files = {"own.png": noise(5), "other.png": noise(6)}
    digest, other = (Photo.read(name, data).digest for name, data in files.items())

    async def visit():
        async with visitor(port) as tab:
            await tab.open({"method": "gradient"})
            await tab.until(lambda page: page.over)
            await tab.choose({"sample": "Your own picture"})
            await tab.until(lambda page: page.over)
            await give(tab, files)
            assert len(shown(digest)) == 1
            (held,) = VISITS._visits.values()
            assert held.holds(other)
            return weakref.ref(shown(digest)[0]), VISITS._watch, tab.page.troubles

    # In a thread, because one that has driven a browser keeps an event loop.
    explanation, watch, troubles = job(lambda: asyncio.run(visit())).get()
    assert troubles == []
    media = runtime.get_instance().media_file_mgr
    until(lambda: not VISITS._visits)
    watch.join(SOON)
    assert not watch.is_alive()
    assert not media._file_metadata
    assert not runtime.get_instance().uploaded_file_mgr.file_storage
    assert shown(digest) == []
    assert explanation() is None
    kept = jobs.shared()._results
    assert [kind for kind, results in kept.items() if results] == ["classifiers"]
    left = [thing for thing in gc.get_objects() if type(thing) in (Photo, UploadedFile)]
    assert not any(type(thing) is UploadedFile or thing.digest in (digest, other) for thing in left)
