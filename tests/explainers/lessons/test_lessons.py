"""The lessons: each runs from its first part to its last, with every setting at both of its ends."""

import re
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from explainers import EXPLAINERS, load_classifier
from explainers.explanation import SCALES
from explainers.figures.panel import Panel
from explainers.images.samples import SAMPLES
from explainers.lessons import BY_SLUG, LESSONS, Guess, Link, Live, OpenQuestion, training
from explainers.methods import BY_SLUG as METHODS
from explainers.settings import Choice, Colour, Range, Switch

BROKEN = re.compile(r"\bnan\b|\binf\b|[{}]|None")
EVERY_LESSON = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)


@pytest.fixture(scope="module")
def lab(remembering):
    """The bundled classifier, also in place of any other that a lesson loads. Training takes a moment only."""
    lab = remembering(load_classifier("bundled"))
    with pytest.MonkeyPatch.context() as patch:
        for name, least in {"DRAWN": 20, "TESTED": 5, "EPOCHS": 1, "MAPPED": 2}.items():
            patch.setattr(training, name, least)
        yield replace(lab, load=lambda source: lab.classifier)


def ends(live):
    """The first settings, and the same with each setting at both of its ends."""
    yield live
    for name, knob in live.knobs().items():
        match knob:
            case Range(low=low, high=high):
                values = (low, high)
            case Choice(options=options):
                values = (options[0], options[-1])
            case Switch():
                values = (True, False)
            case Colour():
                values = ("#000000", "#ffffff")
            case _:
                values = ()
        for value in values:
            if value != getattr(live, name):
                yield replace(live, **{name: value})


def sound(text):
    assert text.strip()
    assert not BROKEN.search(text), text


def check_shown(shown):
    for sentence in shown.sentences:
        sound(sentence)
    for panel in (*shown.charts, *(panel for row in shown.rows for panel in row)):
        assert isinstance(panel, Panel)
        sound(panel.title)
        sound(panel.alt)
        drawn = panel.figure.to_dict()
        del drawn["layout"]["template"]  # Plotly's own, to check which takes twenty times as long as all the rest
        go.Figure(drawn)  # which Plotly checks
    assert shown.sentences


@EVERY_LESSON
def test_a_lesson_runs_from_beginning_to_end(lesson, lab):
    for part in lesson.parts:
        sound(part.title)
        match part:
            case Live():
                assert bool(part.begin) == bool(part.tasks(lab))
                for settings in ends(part):
                    check_shown(settings.show(lab))
            case Guess():
                revealed = part.reveal(lab)
                assert revealed.right in part.options
                assert len({*part.options}) == len(part.options) > 1
                sound(revealed.why)
            case OpenQuestion():
                sound(part.answer(lab))


@EVERY_LESSON
def test_a_lesson_has_all_that_lessons_have(lesson):
    kinds = {type(part) if not isinstance(part, Live) else Live for part in lesson.parts}
    assert kinds >= {Live, Guess, OpenQuestion, Link}
    names = [part.name for part in lesson.asked]
    assert len({*names}) == len(names)
    assert 5 <= lesson.minutes <= 20
    assert lesson.goal.endswith(".")


@EVERY_LESSON
def test_its_links_name_what_there_is(lesson):
    samples, methods = {sample.name for sample in SAMPLES}, {*METHODS}
    for part in lesson.parts:
        if isinstance(part, Link):
            assert part.settings.get("sample", SAMPLES[0].name) in samples
            assert part.settings.get("method", EXPLAINERS[0].slug()) in methods
            assert part.settings.get("scale", SCALES[0]) in SCALES


def test_slugs_and_the_settings_of_what_moves_are_unique():
    assert len(BY_SLUG) == len(LESSONS)
    slugs = [part.slug() for lesson in LESSONS for part in lesson.parts if isinstance(part, Live)]
    assert len({*slugs}) == len(slugs)
