"""What a visitor can put right becomes a message; a bug stays loud."""

import pytest
from streamlit.testing.v1 import AppTest

pytestmark = pytest.mark.usefixtures("alone")


def refused():
    import streamlit as st

    from explainers import ExplanationError
    from pages.shared.frame import frame

    with frame("Title", "Motto."):
        st.text("before")
        raise ExplanationError("There is no *_x_* in $a$ [b](c).")


def broken():
    from pages.shared.frame import frame

    with frame("Title", "Motto."):
        raise ValueError("a bug")


def stopped():
    import streamlit as st

    from pages.shared.frame import frame

    with frame("Title", "Motto."):
        st.stop()


def test_an_explanation_error_is_a_message_and_leaves_the_rest_alone():
    at = AppTest.from_function(refused, default_timeout=60).run()
    assert not at.exception
    assert [text.value for text in at.text] == ["before"]
    assert [error.value.replace("\\", "") for error in at.error] == ["There is no *_x_* in $a$ [b](c)."]


def test_a_message_is_plain_text_inside_markdown():
    at = AppTest.from_function(refused, default_timeout=60).run()
    assert r"\*\_x\_\* in \$a\$ \[b\]\(c\)" in at.error[0].value


def test_a_bug_stays_loud():
    at = AppTest.from_function(broken, default_timeout=60).run()
    assert len(at.exception) == 1
    assert not at.error


def test_a_stopped_run_is_no_error():
    at = AppTest.from_function(stopped, default_timeout=60).run()
    assert not at.exception
    assert not at.error


def test_the_style_comes_with_the_heading():
    # As an element of its own (st.html) the browser loads the code for it later, and the page jumps when it comes.
    heading = AppTest.from_function(stopped, default_timeout=60).run().markdown[0]
    assert heading.value.startswith("# Title\n\n<style>")
    assert heading.allow_html
