"""The load run: a short one passes, and a wrong map would be found."""

import base64
import re
import runpy
import sys
from dataclasses import replace

import numpy as np
import pytest

from explainers import IntegratedGradients, Occlusion, Saliency, load_classifier
from tools.load.questions import Question, distance, expected
from tools.load.report import TOLERANCE


@pytest.fixture(scope="module")
def gradient():
    """The traces of a plain gradient's figure."""
    return expected(Question(Saliency()), load_classifier("bundled"))


def test_a_few_visitors_see_nothing_but_right_maps_and_wait_for_no_garbage_collection(monkeypatch, capsys, job):
    options = "--visitors=4", "--seconds=2", "--steps=50", "--settle=0", "--count-collections"
    monkeypatch.setattr("sys.argv", ["tools.load", *options])
    monkeypatch.delitem(sys.modules, "tools.load.__main__", raising=False)  # another test may have imported it
    with pytest.raises(SystemExit) as ended:
        # In a thread, because one that has driven a browser keeps an event loop.
        job(lambda: runpy.run_module("tools.load", run_name="__main__")).get()
    said = capsys.readouterr().out
    assert not ended.value.code, said
    assert " 0 wrong" in said
    assert (
        int(re.search(r"Full garbage collections since the first visit: (\d+)", said)[1]) <= 2
    )  # not one for each run


def test_a_figure_is_as_far_from_itself_as_its_map(gradient):
    heat = np.frombuffer(base64.b64decode(gradient[2]["z"]["bdata"]), gradient[2]["z"]["dtype"]).copy()
    heat[heat.argmax()] *= 1.5
    other = base64.b64encode(heat.tobytes()).decode()
    wrong = [*gradient[:2], gradient[2] | {"z": gradient[2]["z"] | {"bdata": other}}, *gradient[3:]]
    assert distance(gradient, gradient) == 0
    assert distance(wrong, gradient) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "change",
    [{"sample": "chelsea"}, {"label": "teapot"}, {"scale": "probability"}, {"explainer": Occlusion()}],
    ids=str,
)
def test_the_answer_to_another_question_is_wrong(gradient, change):
    other = expected(replace(Question(Saliency()), **change), load_classifier("bundled"))
    assert distance(other, gradient) > TOLERANCE


def test_only_widgets_that_the_page_shows_can_be_set():
    black, random = IntegratedGradients(steps=5), IntegratedGradients(steps=9, baseline="random", seed=3)
    reached = Question(random).after(Question(black), {}).explainer
    assert reached == IntegratedGradients(steps=9, baseline="random")
    assert Question(random).after(Question(reached), {}).explainer == random


def test_what_the_other_settings_do_not_use_stays_as_it_was():
    blue, black = IntegratedGradients(steps=20, baseline="colour", colour="#3060c0"), IntegratedGradients(steps=5)
    reached = Question(black).after(Question(blue), {}).explainer
    assert reached == replace(black, colour="#3060c0")
    assert Question(blue).after(Question(reached), {}).explainer == replace(blue, colour="#3060c0")


def test_a_method_comes_back_with_its_settings():
    mine = IntegratedGradients(steps=5)
    back = Question(IntegratedGradients()).after(Question(Saliency()), {IntegratedGradients: mine})
    assert back.explainer == mine
