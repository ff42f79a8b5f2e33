"""Methods are chosen by family; what the classifier can't do stands beside them with the reason."""

import pytest

from explainers import EXPLAINERS
from explainers.methods.families import FAMILIES

every_method = pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)


def page():
    """A page that chooses a method and keeps it."""
    import streamlit as st

    from explainers.classifiers.catalogue import find
    from explainers.classifiers.published import BUNDLED
    from pages.shared import state, work
    from pages.shared.method import choose_explainer

    state.begin()
    explainer = choose_explainer(work.classifier(find(BUNDLED), "crop"))
    state.publish()
    st.session_state["explainer"] = explainer


@pytest.fixture
def visit(opened):
    return opened


def run(given):
    at = given.run()
    assert not at.exception
    return at


def choose(at, kind):
    """Choose a family, and in it a method."""
    run(at.pills(key="family").set_value(kind.family))
    return run(at.selectbox(key="method").select(kind.slug()))


def said(at):
    return " ".join(caption.value for caption in at.caption)


def test_every_method_is_in_one_family_and_the_families_are_all_used():
    members = [kind for family in FAMILIES.values() for kind in family.methods()]
    assert sorted(members, key=EXPLAINERS.index) == [*EXPLAINERS]
    assert all(family.methods() for family in FAMILIES.values())


def test_the_first_method_comes_first_among_its_family(visit):
    at = visit()
    assert at.session_state["explainer"] == EXPLAINERS[0]()
    assert at.pills(key="family").value == EXPLAINERS[0].family
    assert at.query_params == {}
    family = FAMILIES[EXPLAINERS[0].family]
    assert [option.partition(" · ")[0] for option in at.selectbox(key="method").options] == [
        kind.title for kind in family.methods()
    ]
    assert family.summary in said(at)


@every_method
def test_a_chosen_method_comes_with_its_defaults_its_summary_and_its_paper(visit, kind, bundled):
    at = visit(method=kind.slug()) if kind.refusal(bundled) else choose(visit(), kind)
    assert at.session_state["explainer"] == kind()
    assert at.query_params == ({} if kind is EXPLAINERS[0] else {"method": kind.slug()})
    assert kind.summary() in said(at)
    assert kind.paper in said(at)


def test_methods_tell_their_cost(visit, bundled):
    for family in FAMILIES.values():
        at = visit(method=family.methods()[0].slug())
        for option, kind in zip(at.selectbox(key="method").options, family.methods(), strict=False):
            if not kind.refusal(bundled):
                assert f"{kind().passes(bundled):,} pass" in option


def test_what_the_classifier_lacks_is_named_with_the_reason_and_not_offered(visit, bundled):
    before = visit().session_state["explainer"]
    at = run(visit().pills(key="family").set_value("attention"))
    assert at.session_state["explainer"] == before
    assert at.pills(key="family").value == before.family
    for kind in FAMILIES["attention"].methods():
        assert kind.refusal(bundled)
        assert f"**{kind.title}**: not with PocketNet" in said(at)
    assert "vision transformer" in said(at)
    run(at.pills(key="family").set_value("perturbation"))
    assert "vision transformer" not in said(at)


def test_a_family_returns_to_the_method_that_was_chosen_last(visit):
    at = visit(method="grad-cam")
    run(at.selectbox(key="method").select("score-cam"))
    run(at.pills(key="family").set_value("perturbation"))
    assert at.session_state["explainer"] == FAMILIES["perturbation"].methods()[0]()
    run(at.pills(key="family").set_value(None))  # a click on the chosen one
    assert at.pills(key="family").value == "perturbation"
    run(at.pills(key="family").set_value("class activation map"))
    assert at.session_state["explainer"].slug() == "score-cam"


def test_settings_of_a_method_are_kept_while_another_is_chosen(visit):
    at = visit(**{"method": "integrated-gradients", "integrated-gradients-steps": "20"})
    before = at.session_state["explainer"]
    run(at.pills(key="family").set_value("class activation map"))
    run(at.selectbox(key="method").select("grad-cam"))
    assert at.query_params == {}
    run(at.pills(key="family").set_value("gradient"))
    assert at.session_state["explainer"] == before
    settings = {"integrated-gradients-steps": "20", "integrated-gradients-steps-automatic": "False"}
    assert at.query_params == {"method": "integrated-gradients", **settings}
