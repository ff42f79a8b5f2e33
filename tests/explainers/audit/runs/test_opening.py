"""What a run was made with and of is opened again, or a sentence says that it is another now."""

import json
from dataclasses import replace

import pytest

from explainers.audit.runs.opening import classifier, explainer, photo
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError
from explainers.methods import BY_SLUG


def with_plan(run, **changes):
    return Run(run.folder, replace(run.plan, **changes))


def test_a_picture_is_opened_by_its_number(begun, computed, pictures, png):
    run = begun(pictures)
    opened = photo(run, 1)
    assert (opened.name, opened.size) == ("2.png", (24, 24))
    assert photo(computed(run), 1).digest == opened.digest
    with pytest.raises(ExplanationError, match="pictures 0 to 5, and no 6"):
        photo(run, 6)
    with pytest.raises(ExplanationError, match="not a picture"):
        photo(run, 4)  # broken from the beginning
    path = pictures / "espresso" / "2.png"
    path.write_bytes(path.read_bytes()[:-1] + b"x")  # as long as before
    with pytest.raises(ExplanationError, match="has changed since it was explained"):
        photo(run, 1)
    path.unlink()
    with pytest.raises(ExplanationError, match="no such file"):
        photo(run, 1)


def test_the_classifier_is_the_one_of_then(begun, pictures, pocket):
    run = begun(pictures)
    assert classifier(run).identity == pocket.identity
    for changes in ({"identity": "another"}, {"fit": "pad"}):
        with pytest.raises(ExplanationError, match="isn't the classifier that the audit was made with"):
            classifier(with_plan(run, **changes))
    with pytest.raises(ExplanationError, match="There is no classifier called 'gone'"):
        classifier(with_plan(run, classifier="gone"))


@pytest.mark.parametrize("kind", BY_SLUG.values(), ids=BY_SLUG)
def test_every_method_is_opened_with_its_settings(begun, pictures, kind):
    made = kind(**kind.examples.few)
    run = begun(pictures)
    document = json.loads((run.folder / "manifest.json").read_text())
    document["plan"] |= {"method": kind.slug(), "settings": made.settings}
    (run.folder / "manifest.json").write_text(json.dumps(document))
    assert explainer(Run.open(run.folder)).settings == made.settings


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "magic"}, "by the method 'magic', which this Whypixel doesn't have"),
        ({"method": "integrated-gradients", "settings": {"speed": 3}}, "has no setting 'speed' any more"),
        ({"method": "integrated-gradients", "settings": {"steps": -3}}, "steps must be"),
    ],
)
def test_a_method_that_is_no_more_is_refused(begun, pictures, changes, said):
    with pytest.raises(ExplanationError, match=said):
        explainer(with_plan(begun(pictures), **changes))
