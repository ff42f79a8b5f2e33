"""A heading comes before what takes seconds, which one thread at a time imports; a missing package gets a sentence."""

import gc
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pages.shared import loading
from pages.shared.loading import LoadingError

ROOT = Path(__file__).parents[3]
WITHOUT = """
import json, sys
from streamlit.testing.v1 import AppTest

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, Missing())
at, said = AppTest.from_file("dashboard.py", default_timeout=60), []
for _ in range(2):
    at.run()
    said.append([at.markdown[0].value, [error.value for error in at.error], len(at.exception)])
print(json.dumps(said))
"""


@pytest.fixture
def page(monkeypatch):
    """The name of a page that has not been loaded."""
    monkeypatch.setattr(loading, "_LOADED", set())
    return "a page"


def test_a_page_is_loaded_once_its_imports_have_ended(page):
    with loading.loading(page):
        assert not loading.loaded(page)
    assert loading.loaded(page)


def test_one_thread_at_a_time_imports(page, monkeypatch, job):
    looks, ends, inside = threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(loading.state, "yield_to_streamlit", looks.set)

    def first():
        with loading.loading(page):
            inside.set()
            ends.wait()

    def second():
        with loading.loading("another page"):
            return ends.is_set()

    importing = job(first)
    inside.wait()
    waiting = job(second)
    looks.wait()  # it is where Streamlit can stop a run
    ends.set()
    importing.get()
    assert waiting.get()


def test_a_loaded_page_waits_for_nobody(page):
    with loading.loading(page):
        pass
    with loading.loading("another page"), loading.loading(page):
        pass


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("No module named 'torch'"), OSError("libgomp.so.1: no such file")]
)
def test_a_package_that_is_missing_or_broken_is_named_and_tried_again(page, error, monkeypatch):
    logged = []
    logger = logging.getLogger(loading.__name__)
    monkeypatch.setattr(logger, "exception", lambda text, *values: logged.append(text % values))
    with pytest.raises(LoadingError, match=str(error)), loading.loading(page):
        raise error
    assert logged == ["The page 'a page' can't be imported."]
    assert not loading.loaded(page)
    with loading.loading(page):
        pass


def test_a_bug_stays_loud(page):
    with pytest.raises(NameError), loading.loading(page):
        raise NameError("x")


def test_what_the_first_import_brought_is_left_out_of_collections(page, monkeypatch):
    frozen = []
    monkeypatch.delitem(sys.modules, "explainers")
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gc.isenabled()))
    with loading.loading(page):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert frozen == [False]


def test_the_heading_comes_first_and_a_missing_package_gets_a_sentence_at_every_visit():
    ran = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=True)
    visits = json.loads(ran.stdout.splitlines()[-1])
    assert len(visits) == 2
    for heading, errors, exceptions in visits:
        assert heading.startswith("# Why did it say that?")
        assert errors == [
            "Whypixel can't be loaded on this server: No module named 'torch'. Install what requirements.txt lists "
            "there, and reload this page."
        ]
        assert exceptions == 0
