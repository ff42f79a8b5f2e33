"""The classifier, the class and the number to explain."""

from dataclasses import replace

import pytest

from explainers import ExplanationError, Target
from explainers.classifiers import load_classifier, sources, weights_source
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.weights_source import WeightsSource
from pages.shared import state
from pages.shared.picture import sample_photo

pytestmark = pytest.mark.usefixtures("alone")


def page():
    """A page that asks, and keeps the answers."""
    import streamlit as st

    from pages.shared import state
    from pages.shared.frame import frame
    from pages.shared.question import ask, choose_class

    with frame("Title", "Motto."):
        st.number_input("Photo", 0, 2, key="photo")
        question, likely, _ = ask(lambda classifier, photo: None)
        state.publish()
        st.session_state["asked"] = question.classifier, likely, question.target
        st.button("Teapot", key="teapot", on_click=choose_class, args=("teapot",))


@pytest.fixture
def visit(monkeypatch, opened):
    """(**address) -> the page after its first run. Its photo is chosen by number."""
    photos = [sample_photo(name) for name in ("coffee", "chelsea", "grace_hopper")]
    monkeypatch.setattr("pages.shared.question.choose_picture", lambda: photos[state.widget("photo")])
    return opened


def run(given):
    """The page after a run that a widget, or the browser itself, started."""
    at = given.run()
    assert not at.exception
    return at


def target(at) -> Target:
    return at.session_state["asked"][2]


def label(at) -> str:
    """The class that is explained."""
    return at.session_state["asked"][0].labels[target(at).index]


@pytest.fixture
def offline(monkeypatch):
    """No download succeeds; the list of those that were tried."""
    tried = []

    def fails(url, path, on_progress=None):
        tried.append(path.name)
        raise OSError("no way out")

    monkeypatch.setattr(weights_source, "download", fails)
    return tried


def test_the_bundled_classifier_and_the_likeliest_class_come_first(visit):
    at = visit()
    assert at.session_state["asked"][0].name == "PocketNet"
    assert label(at) == "espresso"
    assert target(at).versus is None
    assert target(at).scale == "logit"
    assert at.query_params == {}


def test_every_classifier_is_offered_with_its_accuracy_and_size(visit):
    options = visit().selectbox(key="classifier").options
    assert len(options) == len(set(options)) == len(sources())
    for option, source in zip(options, sources(), strict=True):
        assert option.startswith(source.title)
        assert ("accuracy unknown" if source.accuracy is None else f"{source.accuracy:.1f}%") in option
        assert ("↓" in option) == (source.origin == "download")


def test_the_text_of_an_option_never_changes(visit):
    at = visit()  # the browser answers with texts: one that changed would be an answer to nothing
    boxes = {box.key: box.options for box in at.selectbox}
    for source in sources():
        if source.origin == "download":
            source.path.parent.mkdir(parents=True, exist_ok=True)
            source.path.touch()
    run(at.number_input(key="photo").set_value(1))
    assert {box.key: box.options for box in at.selectbox} == boxes
    assert not any("↓" in option for option in visit().selectbox(key="classifier").options)


def test_weights_of_the_visitors_own_are_told_apart(visit, tmp_path, monkeypatch):
    (tmp_path / "resnet18.pth").touch()
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", str(tmp_path))
    (option,) = (text for text in visit().selectbox(key="classifier").options if text.startswith("ResNet-18"))
    assert "accuracy unknown" in option
    assert "↓" not in option


def test_an_untouched_class_follows_the_picture(visit):
    at = visit()
    assert label(run(at.number_input(key="photo").set_value(1))) == "tabby"
    assert label(run(at.number_input(key="photo").set_value(2))) == "military uniform"


def test_a_chosen_class_stays(visit):
    at = visit()
    run(at.selectbox(key="class").select("teapot"))
    assert label(run(at.number_input(key="photo").set_value(1))) == "teapot"
    assert at.query_params == {"class": "teapot"}


def test_the_likeliest_can_be_chosen_again(visit):
    at = visit(**{"class": "teapot"})
    run(at.selectbox(key="class").select_index(0))
    assert label(at) == "espresso"
    assert at.query_params == {}
    assert label(run(at.number_input(key="photo").set_value(1))) == "tabby"


def test_every_class_can_be_chosen(visit):
    at = visit()
    labels = at.session_state["asked"][0].labels
    assert at.selectbox(key="class").options == ["top prediction", *labels]
    assert at.selectbox(key="rather-than").options == ["nothing", *labels]


def test_a_callback_can_choose_the_class(visit):
    at = visit()
    assert label(run(at.button(key="teapot").click())) == "teapot"
    assert at.selectbox(key="class").value == "teapot"


def test_an_address_restores_the_question(visit):
    at = visit(**{"class": "teapot", "rather-than": "espresso", "scale": "probability", "fit": "pad"})
    classifier, _, asked = at.session_state["asked"]
    assert asked == Target(classifier.labels.index("teapot"), classifier.labels.index("espresso"), "probability")
    assert classifier.view.fit == "pad"


def test_what_is_not_on_offer_is_dropped_from_the_address(visit):
    at = visit(**{"class": "x", "rather-than": "y", "scale": "z", "fit": "w", "classifier": "v"})
    assert (label(at), target(at).versus, target(at).scale) == ("espresso", None, "logit")
    assert at.query_params == {}


def test_a_class_rather_than_itself_is_refused_with_a_sentence(visit):
    at = visit(**{"class": "teapot", "rather-than": "teapot"})
    assert "two different classes" in at.error[0].value
    assert at.selectbox(key="rather-than").value == "teapot"  # there to be changed
    run(at.selectbox(key="rather-than").select("espresso"))
    assert not at.error


@pytest.fixture
def failed(visit, offline):
    """The page after a classifier was chosen that can't be downloaded."""
    return run(visit().selectbox(key="classifier").set_value("resnet50"))


def test_a_classifier_that_can_not_be_had_is_replaced_after_a_sentence(failed, offline):
    assert "could not be downloaded" in failed.error[0].value
    assert "no way out" in failed.error[0].value
    assert failed.session_state["asked"][0].name == "PocketNet"
    assert failed.query_params == {"classifier": "resnet50"}
    assert offline == ["resnet50-11ad3fa6.pth"]


def test_a_failed_download_is_tried_again_only_when_asked_to(failed, offline):
    run(failed.number_input(key="photo").set_value(1))
    assert len(offline) == 1
    assert failed.error
    run(failed.button(key="try-again").click())
    assert len(offline) == 2
    assert failed.error


def test_a_download_that_succeeds_later_takes_the_message_away(own_jobs, failed, bundled, monkeypatch):
    monkeypatch.setattr(WeightsSource, "load", lambda source, **_: bundled)
    run(failed.button(key="try-again").click())
    assert not failed.error
    assert "try-again" not in [button.key for button in failed.button]


def test_a_link_does_not_begin_a_large_download(visit, offline):
    at = visit(classifier="timm/vit_huge_patch14_clip_224.laion2b_ft_in1k")
    assert "Its weights take 2," in at.info[0].value
    assert at.session_state["asked"][0].name == "PocketNet"
    assert not offline
    run(at.button(key="try-again").click())
    assert "could not be downloaded" in at.error[0].value
    assert len(offline) == 1


def test_the_message_goes_with_the_classifier(failed, offline):
    run(failed.selectbox(key="classifier").set_value("bundled"))
    assert not failed.error
    run(failed.selectbox(key="classifier").set_value("resnet50"))
    assert failed.error
    assert len(offline) == 2


def test_the_message_is_not_about_another_classifier_that_the_back_button_brings(failed, monkeypatch):
    class Run:
        is_history_navigation, page_script_hash = True, failed.session_state[state.PAGE_KEY]

    monkeypatch.setattr(state, "get_script_run_ctx", Run)
    failed.query_params.clear()
    run(failed)
    assert failed.selectbox(key="classifier").value == "bundled"
    assert not failed.error


def test_a_sentence_names_the_file_that_is_missing(offline):
    with pytest.raises(ExplanationError, match=r"save them as resnet50\.pth in a folder"):
        load_classifier("resnet50")


def test_the_first_classifier_is_the_first_bundled_one_that_is_installed(visit, monkeypatch):
    monkeypatch.delenv("WHYPIXEL_CLASSIFIER")
    at = visit()
    assert at.session_state["asked"][0].name == "EfficientNet-Lite0"
    assert at.query_params == {}


def test_a_better_classifier_that_is_missing_is_named_with_the_way_to_get_it(visit, monkeypatch):
    monkeypatch.delenv("WHYPIXEL_CLASSIFIER")
    missing = replace(BUNDLED_CLASSIFIERS["efficientnet_lite0"], package="no_such_package")
    monkeypatch.setitem(BUNDLED_CLASSIFIERS, "efficientnet_lite0", missing)
    at = visit()
    assert at.session_state["asked"][0].name == "PocketNet"
    assert any("EfficientNet-Lite0 isn't installed: `pip install" in caption.value for caption in at.caption)


def test_the_server_can_begin_with_another_classifier_but_not_with_nonsense(visit, monkeypatch):
    monkeypatch.setenv("WHYPIXEL_CLASSIFIER", "nonsense")
    assert "no classifier called 'nonsense'" in visit().error[0].value
