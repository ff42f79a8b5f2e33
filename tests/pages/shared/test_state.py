"""Settings stand in the address, outlive their widgets, and never hold what a widget could not offer."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import state


def page():
    """A page with a setting of each type; `colour` is only drawn for method b."""
    import streamlit as st

    from pages.shared import state

    state.begin()
    st.selectbox("Method", ("a", "b", "c"), key=state.setting("method", "a", ("a", "b", "c").__contains__))
    st.slider("Steps", 1, 100, key=state.setting("steps", 50, lambda steps: 1 <= steps <= 100))
    st.slider("Blur", 0.0, 9.0, key=state.setting("blur", 1.0, lambda blur: 0 <= blur <= 9))
    st.toggle("On", key=state.setting("on", False))
    st.multiselect("Some", ("x", "y", "z"), key=state.setting("some", ["x"], set("xyz").issuperset))
    if state.value("method", "a") == "b":
        st.text_input("Colour", key=state.setting("colour", "#000000", lambda text: text.startswith("#")))
    st.button("To b", key="to-b", on_click=state.choose, args=("method", "b"))
    state.publish()


DEFAULTS = {"method": "a", "steps": 50, "blur": 1.0, "on": False, "some": ["x"]}


@pytest.fixture
def visit(opened):
    return opened


def run(given):
    """The page after a run that a widget, or the browser itself, started."""
    at = given.run()
    assert not at.exception
    return at


def settings(at):
    return {key: at.session_state[key] for key in DEFAULTS}


def test_settings_start_at_their_defaults_and_leave_the_address_empty(visit):
    at = visit()
    assert settings(at) == DEFAULTS
    assert at.query_params == {}


def test_an_address_sets_settings_of_every_type(visit):
    at = visit(method="b", steps="20", blur="2.5", on="True", some="z~x", colour="#ff0000")
    assert settings(at) == {"method": "b", "steps": 20, "blur": 2.5, "on": True, "some": ["z", "x"]}
    assert at.session_state["colour"] == "#ff0000"
    expected = {"method": "b", "steps": "20", "blur": "2.5", "on": "True", "some": "z~x", "colour": "#ff0000"}
    assert at.query_params == expected


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("method", "d"),
        ("method", ""),
        ("method", ["b", "d"]),
        ("steps", "abc"),
        ("steps", "20.5"),
        ("steps", "0"),
        ("steps", "101"),
        ("steps", "1" * 5000),
        ("blur", "nan"),
        ("blur", "inf"),
        ("blur", "1e999"),
        ("blur", "-1"),
        ("on", "true"),
        ("on", "1"),
        ("some", "x~w"),
    ],
)
def test_what_a_widget_could_not_offer_is_dropped(visit, key, text):
    at = visit(**{key: text})
    assert settings(at) == DEFAULTS
    assert at.query_params == {}


def test_a_default_in_the_address_is_taken_out(visit):
    assert visit(method="a", steps="50").query_params == {}


def test_what_is_no_setting_is_taken_out_of_the_address(visit):
    at = visit(method="b", kept="x", drawn="y", upload="z", anything="else")
    assert at.query_params == {"method": "b"}
    assert settings(at) == DEFAULTS | {"method": "b"}


def test_a_change_is_written_into_the_address_and_a_change_back_taken_out(visit):
    at = visit()
    run(at.slider(key="steps").set_value(20))
    assert at.query_params == {"steps": "20"}
    run(at.slider(key="steps").set_value(50))
    assert at.query_params == {}


def test_a_setting_outlives_its_widget(visit):
    at = visit(method="b", colour="#ff0000")
    run(at.selectbox(key="method").select("c"))
    assert at.query_params == {"method": "c"}
    run(at)
    run(at.selectbox(key="method").select("b"))
    assert at.query_params == {"method": "b", "colour": "#ff0000"}
    assert at.text_input(key="colour").value == "#ff0000"


@pytest.mark.parametrize(
    "key",
    [
        *(name for key, name in vars(state).items() if key.endswith("_KEY")),
        *("$$ID-a-b", "$$ID-a-None", "$$WIDGET_ID-a", "remembered.a", "None", "", "to-b", "__class__"),
    ],
)
def test_an_address_names_no_key_of_the_session(visit, key):
    at = visit(**{key: "1", "method": "b"})
    assert settings(at) == DEFAULTS | {"method": "b"}
    assert at.query_params == {"method": "b"}
    run(at.slider(key="steps").set_value(20))
    assert at.query_params == {"method": "b", "steps": "20"}


@pytest.mark.parametrize("key", ["upload", "remembered.a", "own"])
def test_what_the_session_holds_outlives_its_name_in_the_address(visit, monkeypatch, key):
    at = visit(**{key: "1"})
    at.session_state[key] = "mine"
    run(at)
    assert at.session_state[key] == "mine"
    elsewhere = SimpleNamespace(is_history_navigation=False, page_script_hash="elsewhere")
    monkeypatch.setattr(state, "get_script_run_ctx", lambda: elsewhere)
    assert run(at).session_state[key] == "mine"
    at.query_params[key] = "1"
    elsewhere.is_history_navigation = True
    assert run(at).session_state[key] == "mine"


def outside():
    """A page that asks for the values of settings whose widgets it doesn't draw."""
    import streamlit as st

    from pages.shared import state

    state.begin()
    st.text(state.value("method", "a", ("a", "b", "c").__contains__))
    st.text(state.value("blur", 1.0, lambda blur: 0 <= blur <= 9))
    st.text(state.value("on", False))
    st.text(state.widget("clip", 99.0))
    state.publish()


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ({}, ["a", "1.0", "False", "99.0"]),
        ({"method": "c", "blur": "2.5", "on": "True"}, ["c", "2.5", "True", "99.0"]),
        ({"method": "d", "blur": "nan", "on": "yes"}, ["a", "1.0", "False", "99.0"]),
        ({"method": "a~b", "blur": "-1", "clip": "nan"}, ["a", "1.0", "False", "99.0"]),
        ({"method": "", "blur": "", "on": "", "clip": ""}, ["a", "1.0", "False", "99.0"]),
    ],
)
def test_a_value_passes_its_widgets_check_though_the_widget_is_not_drawn(address, values):
    at = AppTest.from_function(outside)
    at.query_params.update(address)
    assert [text.value for text in run(at).text] == values


def older():
    """A page whose widget was sent an option of an older one."""
    import streamlit as st

    from pages.shared import state

    st.session_state["method"] = "The first of an older version"
    state.begin()
    st.text(state.value("method", "a", ("a", "b", "c").__contains__))
    st.selectbox("Method", ("a", "b", "c"), key=state.setting("method", "a", ("a", "b", "c").__contains__))


def test_an_option_that_a_tab_still_shows_after_an_update_is_taken_for_the_default():
    at = run(AppTest.from_function(older))
    assert at.text[0].value == at.selectbox(key="method").value == "a"


def test_an_address_may_hold_settings_that_are_drawn_later(visit):
    at = visit(colour="#ff0000")
    assert at.query_params == {}
    run(at.selectbox(key="method").select("b"))
    assert at.query_params == {"method": "b", "colour": "#ff0000"}


def test_a_callback_can_choose_a_setting(visit):
    at = visit()
    run(at.button(key="to-b").click())
    assert at.selectbox(key="method").value == "b"
    assert at.query_params == {"method": "b"}


def test_a_late_address_does_not_undo_a_change(visit):
    at = visit(steps="20")
    run(at.selectbox(key="method").select("c"))
    at.query_params.clear()
    at.query_params["steps"] = "20"  # what the browser still sends when it hasn't heard of the change
    run(at.toggle(key="on").set_value(True))
    assert settings(at) == DEFAULTS | {"steps": 20, "method": "c", "on": True}
    assert at.query_params == {"method": "c", "steps": "20", "on": "True"}


@pytest.fixture
def go(monkeypatch):
    """(page="", returned=False) -> runs look to `state` as if a link, or the back button, had led to that page."""

    def pretend(page="", *, returned=False):
        run = SimpleNamespace(is_history_navigation=returned, page_script_hash=page)
        monkeypatch.setattr(state, "get_script_run_ctx", lambda: run)

    return pretend


def back(at, go, page=None, **address):
    """The page after the back button has led to that address."""
    go(at.session_state[state.PAGE_KEY] if page is None else page, returned=True)
    at.query_params.clear()
    at.query_params |= address
    return run(at)


def test_the_back_button_replaces_the_settings_of_its_page_and_no_others(visit, go):
    at = visit()
    run(at.selectbox(key="method").select("c"))
    run(at.slider(key="steps").set_value(20))
    at.session_state[state.KEPT_KEY]["of-another-page"] = "1"
    back(at, go, method="c")
    assert settings(at) == DEFAULTS | {"method": "c"}
    assert at.query_params == {"method": "c"}
    assert at.session_state[state.KEPT_KEY] == {"method": "c", "of-another-page": "1"}


def test_a_page_that_was_drawn_never_before_takes_all_from_the_address(visit, go):
    at = run(visit().slider(key="steps").set_value(20))
    back(at, go, "another", steps="30", method="c")
    assert settings(at) == DEFAULTS | {"method": "c", "steps": 30}


def test_the_back_button_adds_no_address_that_would_lead_back_to_itself(visit, go):
    at = visit()
    for _ in range(2):
        back(at, go, method="c", **{"of-another-page": "1"})
        assert settings(at) == DEFAULTS | {"method": "c"}
        assert at.query_params == {"method": "c", "of-another-page": "1"}


def test_the_forward_button_sets_what_was_at_its_default(visit, go):
    at = visit()
    back(at, go, method="b", colour="#ff0000")
    assert settings(at) == DEFAULTS | {"method": "b"}
    assert at.text_input(key="colour").value == "#ff0000"


def test_an_address_that_is_to_be_left_stays_until_a_setting_changes(visit):
    at = run(visit().selectbox(key="method").select("c"))
    at.session_state[state.LEAVES_KEY] = True  # as `leave_address` does
    at.query_params["of-another-page"] = "1"
    assert settings(run(at)) == DEFAULTS | {"method": "c"}
    for _ in range(2):
        assert at.query_params == {"method": "c", "of-another-page": "1"}
        assert settings(run(at)) == DEFAULTS | {"method": "c"}
    run(at.slider(key="steps").set_value(20))
    assert at.query_params == {"method": "c", "steps": "20"}
    run(at.slider(key="steps").set_value(50))
    assert at.query_params == {"method": "c"}


def test_a_link_from_another_page_keeps_what_it_brought_until_a_setting_changes(visit, go):
    at = run(visit().selectbox(key="method").select("c"))
    go("another")
    at.query_params |= {"method": "c", "of-another-page": "1"}
    for _ in range(2):
        assert settings(run(at)) == DEFAULTS | {"method": "c"}
        assert at.query_params == {"method": "c", "of-another-page": "1"}
        assert at.session_state[state.CARRIED_KEY] == {"of-another-page"}  # the browser doesn't show it
    run(at.selectbox(key="method").select("b"))
    assert at.query_params == {"method": "b"}
    assert not at.session_state[state.CARRIED_KEY]


def test_a_link_that_was_drawn_before_a_choice_does_not_undo_it(visit, go):
    at = run(visit().selectbox(key="method").select("c"))
    go("another")
    at.query_params.clear()
    at.query_params |= {"method": "b", "of-another-page": "1"}
    assert settings(run(at)) == DEFAULTS | {"method": "c"}
    assert at.query_params == {"method": "c"}


def test_notes_and_an_upload_are_remembered():
    def page():
        import streamlit as st
        from PIL import Image

        from explainers.images.photo import Photo
        from pages.shared import state

        photo = state.upload()
        st.text(f"{state.recall('a')} {state.recall('b', 0)} {photo and photo.name}")
        state.remember("a", "yes")
        state.keep_upload(None if state.upload() else Photo.of(Image.new("RGB", (8, 8)), "cat"))

    at = run(AppTest.from_function(page, default_timeout=60))
    assert at.text[0].value == "None 0 None"
    assert run(at).text[0].value == "yes 0 cat"
    assert run(at).text[0].value == "yes 0 None"


def test_two_visitors_share_nothing(visit):
    first, second = visit(method="b"), visit()
    run(first.slider(key="steps").set_value(20))
    assert settings(run(second)) == DEFAULTS


def test_on_another_page_widgets_start_with_what_is_kept(visit, monkeypatch):
    at = visit(method="c", steps=20)
    run(at.toggle(key="on").set_value(True))
    elsewhere = SimpleNamespace(is_history_navigation=False, page_script_hash="elsewhere")
    monkeypatch.setattr(state, "get_script_run_ctx", lambda: elsewhere)
    run(at)
    assert settings(at) == DEFAULTS | {"method": "c", "steps": 20, "on": True}
    assert at.query_params == {"method": "c", "steps": "20", "on": "True"}


def asking():
    """A page that tells which widgets' states a request for another run would name."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from pages.shared import state

    state.begin()
    st.slider("Steps", 1, 100, key=state.setting("steps", 50))
    st.slider("Blur", 0, 9, 1, key="blur")
    st.button("To 70", key="to-70", on_click=state.choose, args=("steps", 70))
    st.text(
        " ".join(each.id.rpartition("-")[2] for each in state.request_again(get_script_run_ctx()).widget_states.widgets)
    )


def test_a_request_for_another_run_takes_nothing_back_that_code_has_set():
    at = run(AppTest.from_function(asking).run())
    assert at.text[0].value == "steps blur"
    assert run(at.button(key="to-70").click()).text[0].value == "blur"


def late():
    """A page with a widget that is drawn after the settings, and callbacks that tell what they hear."""
    import streamlit as st

    from pages.shared import state

    state.begin()
    hear = lambda text: state.remember("heard", [*state.recall("heard", []), text])  # noqa: E731
    methods = ("a", "b", "c")
    method = state.setting("method", "a", methods.__contains__)
    st.selectbox("Method", methods, key=method, on_change=hear, args=("method",))
    st.slider("Steps", 1, 100, key=state.setting("steps", 50))
    st.button("Early", key="early", on_click=hear, args=("early",))
    state.publish()
    state.deliver()
    st.number_input("Late", 0, 9, key="late", on_change=hear, args=("late",))
    st.button("Last", key="last", on_click=hear, args=("last",))
    st.text(f"{state.recall('heard', [])}")
    state.deliver(last=True)


@pytest.mark.parametrize(
    ("click", "heard", "address"),
    [
        (lambda at: at.button(key="early").click(), "early", {}),
        (lambda at: at.button(key="last").click(), "last", {}),
        (lambda at: at.number_input(key="late").set_value(3), "late", {}),
        (lambda at: at.selectbox(key="method").select("c"), "method", {"method": "c"}),
    ],
)
def test_after_a_restart_of_the_server_the_first_click_counts(click, heard, address):
    before = AppTest.from_function(late, default_timeout=30)
    run(run(before).slider(key="steps").set_value(20))
    after = AppTest.from_function(late, default_timeout=30)
    after.query_params |= before.query_params
    click(before)
    after._run(before._tree.get_widget_states())
    assert not after.exception
    assert after.text[0].value == str([heard])
    assert after.query_params == {"steps": "20"} | address
    assert run(after).text[0].value == str([heard])
