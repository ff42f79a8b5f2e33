"""A run begins once; the same command goes on with it, and another is refused."""

from dataclasses import replace

import pytest

from explainers.audit.cases.listing import list_cases
from explainers.audit.runs.beginning import begin, planned
from explainers.errors import ExplanationError
from explainers.methods import BY_SLUG

GRADIENT = BY_SLUG["vanilla-gradient"]()


@pytest.fixture
def plan(pictures, pocket):
    """(**changes) -> the plan of an audit of the pictures by the gradient."""

    def make(**changes):
        explainer = changes.pop("explainer", GRADIENT)
        return planned(list_cases(pictures), pocket, explainer, name="bundled", **changes)

    return make


def test_the_same_plan_goes_on_with_the_run_that_is_there(plan, pictures, tmp_path):
    first, notes = begin(tmp_path / "run", plan(), list_cases(pictures))
    assert (notes, begin(tmp_path / "run", plan(), list_cases(pictures))) == ([], (first, []))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"explainer": BY_SLUG["grad-cam"]()}, "method: vanilla-gradient there, grad-cam here"),
        ({"asked": "label"}, "asked: likeliest there, label here"),
        ({"scale": "probability"}, "scale: logit there, probability here"),
        ({"part": 3}, "pictures in a part: 64 there, 3 here"),
        ({"removal": True}, "removal: False there, True here"),
    ],
)
def test_another_plan_is_refused_and_what_differs_is_named(plan, pictures, tmp_path, changes, said):
    begin(tmp_path / "run", plan(), list_cases(pictures))
    with pytest.raises(ExplanationError) as refusal:
        begin(tmp_path / "run", plan(**changes), list_cases(pictures))
    assert said in str(refusal.value)
    assert str(refusal.value).endswith("Give this one a folder of its own.")


def test_other_versions_and_settings_are_named_too(plan, pictures, tmp_path):
    explainer = BY_SLUG["integrated-gradients"]
    old = plan(explainer=explainer(steps=4))
    begin(tmp_path / "run", replace(old, versions=old.versions | {"torch": "1.0"}), list_cases(pictures))
    with pytest.raises(ExplanationError, match=r"steps: 4 there, 5 here; torch: 1\.0 there, "):
        begin(tmp_path / "run", plan(explainer=explainer(steps=5)), list_cases(pictures))


def test_pictures_that_came_and_went_are_told(plan, pictures, tmp_path):
    run, _ = begin(tmp_path / "run", plan(), list_cases(pictures))
    (pictures / "espresso" / "0.png").unlink()
    (pictures / "goldfish" / "1.png").write_bytes(b"shorter")
    (pictures / "goldfish" / "new.png").write_bytes(b"new")
    again, notes = begin(tmp_path / "run", plan(), list_cases(pictures))
    assert again.cases == run.cases
    assert notes == [
        "Since the audit began, 1 picture is new, and not part of it: goldfish/new.png.",
        "Since the audit began, 1 picture is gone: espresso/0.png.",
        "Since the audit began, 1 picture is of another size: goldfish/1.png.",
    ]


def test_another_label_or_box_of_the_same_picture_is_another_audit(write, pocket, tmp_path):
    folder = write(
        {"a.png": b"x", "first.csv": "path,label\na.png,espresso\n", "second.csv": "path,label\na.png,goldfish\n"}
    )
    first, second = (list_cases(folder / name) for name in ("first.csv", "second.csv"))
    plans = [planned(listing, pocket, GRADIENT, name="bundled") for listing in (first, second)]
    begin(tmp_path / "run", plans[0], first)
    with pytest.raises(ExplanationError, match="labels or boxes of 1 picture aren't those"):
        begin(tmp_path / "run", plans[1], second)


def test_what_no_picture_can_be_asked_is_refused_before_any_work(plan, write, pocket):
    with pytest.raises(ExplanationError, match="explains the logit only"):
        plan(explainer=BY_SLUG["cam"](), scale="probability")
    listing = list_cases(write({"unknown/1.png": b"x"}, "others"))
    for asked in ("label", "label rather than likeliest"):
        with pytest.raises(ExplanationError, match="No picture has a label that is a class of PocketNet"):
            planned(listing, pocket, GRADIENT, name="bundled", asked=asked)
    assert planned(listing, pocket, GRADIENT, name="bundled").pictures == 1
