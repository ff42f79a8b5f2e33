"""After the visitor has pressed Stop, nothing begins until it is started again, and what is done is shown."""

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from pages.shared import stopping

pytestmark = pytest.mark.usefixtures("alone", "own_jobs")
SESSION = "test session id"  # as Streamlit's tests have it
NOT_COMPUTED = "Not computed, because it was stopped."


def page():
    """A page that asks for two results; which, the visitor chooses."""
    import streamlit as st

    from pages.shared import jobs
    from pages.shared.frame import frame, messages

    with frame("Title", "Motto."):
        number = st.number_input("Number", 0, 9, key="number")
        for name in ("a", "b"):
            with messages():
                text = f"{name}{number}"
                st.text(jobs.result("predictions", text, lambda report, text=text: text, "…"))


@pytest.fixture
def at():
    return AppTest.from_function(page, default_timeout=60)


@pytest.fixture
def stopped(at):
    """The page in the run that follows a stop, before anything was done."""
    return stop(at)


def stop(at):
    stopping._STOPPED.add(SESSION)
    return run(at)


def run(given):
    at = given.run()
    assert not at.exception
    return at


def shown(at):
    """The results, the messages in their places, and whether a new start is offered."""
    offered = [button.label for button in at.button] == ["Start again"]
    return [text.value for text in at.text], [info.value for info in at.info], offered


def test_after_a_stop_nothing_begins_until_it_is_started_again(stopped):
    nothing = [], [NOT_COMPUTED, NOT_COMPUTED], True
    assert shown(stopped) == nothing
    assert shown(run(stopped)) == nothing
    assert shown(run(stopped.button(key="start-again").click())) == (["a0", "b0"], [], False)
    assert not stopping._STOPPED


def test_another_question_is_answered(stopped):
    assert shown(run(stopped.number_input(key="number").set_value(1))) == (["a1", "b1"], [], False)
    assert shown(run(stopped.number_input(key="number").set_value(0))) == ([], [NOT_COMPUTED, NOT_COMPUTED], True)


def test_what_was_done_before_is_shown(at):
    assert shown(run(at)) == (["a0", "b0"], [], False)
    assert shown(stop(at)) == (["a0", "b0"], [], False)


def test_a_run_that_is_stopped_asks_for_another_and_one_that_ends_by_itself_does_not(monkeypatch):
    asked = []
    monkeypatch.setattr(stopping, "get_script_run_ctx", lambda: type("Run", (), {"session_id": SESSION}))
    monkeypatch.setattr(stopping.runtime, "exists", lambda: True)
    monkeypatch.setattr(stopping, "_run_once_more", asked.append)
    monkeypatch.setattr(stopping.state, "remember", lambda key, value: None)
    with stopping.noticed():
        pass
    assert asked == []
    with pytest.raises(StopException), stopping.noticed():
        raise StopException
    assert len(asked) == 1
