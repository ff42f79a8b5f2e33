"""The Learn page: lessons step by step, answers that stay, and the way to the other pages."""

import pytest

from explainers import EXPLAINERS
from explainers.classifiers.published import labels_of
from explainers.images.samples import SAMPLES
from explainers.lessons import LESSONS, Guess, Link, Live, OpenQuestion, training
from explainers.lessons.reference import in_lines
from pages.shared.heading import PAGES

LEARN = PAGES["learn"][1]


@pytest.fixture
def learn(visit):
    """(**address) -> the Learn page."""

    def make(**address):
        at = visit(address, LEARN)
        assert not at.exception
        return at

    return make


def step_of(lesson, kind):
    """The first step of a lesson of this kind of part, counted from 1, and the part."""
    return next((number, part) for number, part in enumerate(lesson.parts, 1) if isinstance(part, kind))


def address(at):
    """The settings in the address."""
    return {key: value if isinstance(value, str) else value[0] for key, value in at.query_params.items()}


def texts(at):
    return "\n".join(text.value for text in (*at.markdown, *at.success, *at.info, *at.caption))


def test_the_list_has_every_lesson_and_opens_it(learn):
    at = learn()
    for lesson in LESSONS:
        assert lesson.goal in texts(at)
        assert at.button(key=f"open-{lesson.slug}").label == "Start"
    at.button(key=f"open-{LESSONS[1].slug}").click().run()
    assert address(at)["lesson"] == LESSONS[1].slug
    assert f"## {LESSONS[1].parts[0].title}" in texts(at)
    at.button(key="next").click().run()
    assert address(at)["step"] == "2"
    at.button(key="contents").click().run()
    assert at.button(key=f"open-{LESSONS[1].slug}").label == "Go on"
    assert "at step 2" in texts(at)
    assert not at.exception


def test_a_strange_address_opens_the_list_or_the_first_step(learn):
    assert "Start" in [button.label for button in learn(lesson="no-such").button]
    for step in ("0", "99", "-1", "x", "1.5"):
        assert f"## {LESSONS[0].parts[0].title}" in texts(learn(lesson=LESSONS[0].slug, step=step))


def test_a_prediction_is_made_before_the_answer_is_shown_and_counts_once(learn):
    lesson = LESSONS[0]
    step, guess = step_of(lesson, Guess)
    at = learn(lesson=lesson.slug, step=step)
    key = f"guess-{lesson.slug}-{guess.name}"
    assert at.radio(key=key).value is None
    assert not at.success
    assert not at.info
    next(button for button in at.button if button.label == "Show the answer").click().run()
    assert at.radio(key=key).value is None
    assert "Choose one of them first." in texts(at)
    at.radio(key=key).set_value(guess.options[0])
    next(button for button in at.button if button.label == "Show the answer").click().run()
    assert f"Your prediction: **{guess.options[0]}**" in texts(at)
    assert at.info
    assert not at.radio
    at.button(key="contents").click().run()
    assert "0 of 1 prediction right" in texts(at)
    at.button(key="reset").click().run()
    assert "prediction right" not in texts(at)
    assert at.button(key=f"open-{lesson.slug}").label == "Start"


def test_an_answer_in_ones_own_words_is_shown_as_it_was_written(learn):
    lesson = LESSONS[0]
    step, question = step_of(lesson, OpenQuestion)
    at = learn(lesson=lesson.slug, step=step)
    at.text_area(key=f"ask-{lesson.slug}-{question.name}").set_value("<b>*0* and 5")
    next(button for button in at.button if button.label == "Compare with an answer").click().run()
    assert r"\<b\>\*0\* and 5" in texts(at)
    assert at.info
    assert not at.exception


def test_what_takes_long_waits_until_it_is_begun(learn, own_jobs, monkeypatch):
    for name, least in {"DRAWN": 64, "TESTED": 5, "EPOCHS": 1, "MAPPED": 1}.items():
        monkeypatch.setattr(training, name, least)
    lesson, step = next(
        (lesson, number)
        for lesson in LESSONS
        for number, part in enumerate(lesson.parts, 1)
        if isinstance(part, Live) and part.begin == "Train both networks"
    )
    at = learn(lesson=lesson.slug, step=step)
    assert "Right answers" not in texts(at)
    at.button(key="begin").click().run()
    assert "Right answers" in texts(at)
    assert not {"begin", "cancel"} & {button.key for button in at.button}
    assert own_jobs.kept("lessons")


LINKS = [(lesson, part) for lesson in LESSONS for part in lesson.parts if isinstance(part, Link)]


@pytest.mark.parametrize(("lesson", "link"), LINKS, ids=[lesson.slug for lesson, _ in LINKS])
def test_a_link_opens_its_page_with_everything_set(learn, cheap, lesson, link):
    at = learn(lesson=lesson.slug, step=lesson.parts.index(link) + 1, **cheap())
    at.button(key="follow").click().run()
    assert not at.exception
    heading = next(text.value for text in at.markdown if text.value.startswith("<span aria-current"))
    assert PAGES[link.page][0] in heading
    defaults = {("sample", SAMPLES[0].name), ("method", EXPLAINERS[0].slug())}
    other = {(key, label) for key, label in link.settings.items() if key == "rather-than"}  # which the cheap one lacks
    assert {label for _, label in other} <= {*labels_of("imagenet_classes.csv")}
    assert address(at).items() >= link.settings.items() - defaults - other


def test_the_reference_has_every_method_of_a_family_and_opens_it(learn, cheap):
    kinds = [kind for kind in EXPLAINERS if kind.family == "gradient"]
    address_of = {"learn-view": "Methods", **cheap()}
    at = learn(**address_of)
    shown = texts(at)
    for kind in kinds:
        assert f"### {kind.title}\n" in shown
    assert {in_lines(kind.formula) for kind in kinds} <= {latex.value.strip("\n$") for latex in at.latex}
    at.button(key="open-vanilla-gradient").click().run()
    assert not at.exception
    assert address(at)["method"] == "vanilla-gradient"
