"""The sentences of the proof, by hand-computed cases."""

import string
from types import SimpleNamespace

import numpy as np
import pytest

from explainers import Coverage, Explanation, GradCAM, SmoothGradSquared, Target, proof
from explainers.classifiers.traits import Traits
from explainers.explanation import Sampling
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import Level


@pytest.fixture
def explanation(facts):
    """(values=1.0, target=Target(0), score=3.0, changes={} of facts, **more) -> an explanation of espresso, not cup."""

    def make(values=1.0, target=None, score=3.0, changes=None, **more):
        picture = np.full((3, 2, 2), 0.5, np.float32)
        values = np.full((3, 2, 2), values, np.float32)
        known = facts(**{"versus": "cup", **(changes or {})})
        return Explanation(picture, (0, 0, 2, 2), values, target or Target(0), score, known, **more)

    return make


def test_a_logit_is_said_with_its_class(explanation):
    said = proof.explained(explanation(score=8.694))
    assert said == "Explained: the logit of **espresso**, 8.69 for this picture."


def test_a_difference_names_both_classes(explanation):
    said = proof.explained(explanation(target=Target(0, 1), score=-0.5))
    assert said == "Explained: the logit of **espresso** minus that of **cup**, -0.50 for this picture."


def test_minus_a_logit_is_said_to_be_that(explanation):
    changes = {"label": "not cat", "versus": None, "opposite": "cat", "negated": True}
    said = proof.explained(explanation(score=2.5, changes=changes))
    assert said == (
        "Explained: the logit of **not cat** (the logit of **cat** with the opposite sign), 2.50 for this picture."
    )
    said = proof.explained(explanation(score=0.5, target=Target(0, scale="probability"), changes=changes))
    assert said == "Explained: the probability of **not cat**, 50.0% for this picture."


def test_a_probability_is_said_in_per_cent(explanation):
    said = proof.explained(explanation(target=Target(0, scale="probability"), score=0.9649))
    assert said == "Explained: the probability of **espresso**, 96.5% for this picture."


def test_similar_classes_are_named(explanation):
    said = proof.explained(explanation(score=8.694, changes={"compared_with": ("tea_pot", "cup")}))
    assert said.endswith(r"for this picture. The map shows what sets it apart from **tea\_pot**, **cup**.")


def test_labels_are_plain_text_inside_markdown(explanation):
    said = proof.explained(explanation(target=Target(0, 1), changes={"label": "a*b_c", "versus": "$x$ [y](z)"}))
    assert r"**a\*b\_c** minus that of **\$x\$ \[y\]\(z\)**" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.0214, "about 2.1%"),
        (0.00149, "about 0.1%"),
        (0.1251, "about 13%"),
        (1.5, "about 150%"),
        (0.0004, "below 0.1%"),
        (0.0, "below 0.1%"),
    ],
)
def test_the_expected_error_is_said(explanation, error, said):
    expected = f"The map's expected error is {said}."
    assert proof.accuracy(explanation(error=error)) == expected


def test_a_map_whose_error_is_not_estimated_says_nothing_about_it(explanation):
    assert proof.accuracy(explanation()) is None


@pytest.mark.parametrize(
    ("sampling", "error", "said"),
    [
        (Sampling(250, "random masks"), 0.2, "Random masks: 250. Another seed would give another map."),
        (
            Sampling(1, "noisy copies"),
            None,
            "Noisy copies: 1, too few to tell how far the map is from the exact one.",
        ),
        (Sampling(912, "random masks", True), 0.09, "Random masks: 912, enough for the tolerance."),
        (
            Sampling(8000, "random masks", False),
            0.2,
            "Random masks: 8,000, not enough for the tolerance. Treat this map as a rough one.",
        ),
    ],
)
def test_random_samples_are_counted_and_judged(explanation, sampling, error, said):
    assert proof.samples(explanation(sampling=sampling, error=error)).startswith(said)


def test_without_random_samples_nothing_is_said_of_them(explanation):
    assert proof.samples(explanation()) is None


def test_steps_that_were_chosen_are_not_judged(explanation):
    assert proof.steps(explanation()) is None


def test_automatic_steps_that_were_enough_say_so(explanation):
    history = (Level(17, 0.07, 0.3, False), Level(25, 0.04, 0.01, False), Level(33, 0.029, 0.002, True))
    assert proof.steps(explanation(history=history)) == "33 points on the path are enough."


def test_automatic_steps_that_were_not_enough_are_called_that(explanation):
    said = proof.steps(explanation(history=(Level(17, 0.5, 0.3, False), Level(1024, 0.25, 0.1, False))))
    assert said == ("Not converged: 1,024 points on the path are not enough. Treat this map as a rough one.")


def coverage(found):
    return proof.coverage(SimpleNamespace(coverage=lambda classifier: found), None)


def test_a_rule_that_covers_all_activations_says_how_many():
    assert coverage(Coverage(49, 49, {})) == "The rule covers all 49 activations found in the network."


def test_a_rule_that_covers_some_activations_names_the_others():
    assert coverage(Coverage(19, 47, {"hardswish": 20, "sigmoid": 8})) == (
        "Partly guided: the rule covers 19 of 47 activations; "
        "at the others (20 × hardswish, 8 × sigmoid) the plain gradient is used."
    )


def test_activations_out_of_reach_are_said_by_their_least_number():
    assert coverage(Coverage(1, 4, {}, 3)) == (
        "Partly guided: the rule covers 1 of at least 4 activations. At least 3 ReLUs are written in a way that the "
        "rule can't reach, and there the plain gradient is used."
    )
    assert coverage(Coverage(1, 4, {"gelu": 2}, 1)) == (
        "Partly guided: the rule covers 1 of at least 4 activations; at the others (2 × gelu) the plain gradient is "
        "used. At least 1 ReLU is written in a way that the rule can't reach, and there, too, the plain gradient is "
        "used."
    )


def test_a_network_without_known_activations_is_not_said_to_have_none():
    said = coverage(Coverage(0, 0, {}))
    assert said == "No activation was found that the rule could change, so this map equals the vanilla gradient."


def test_a_method_without_such_a_rule_says_nothing_about_it():
    assert coverage(None) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "52 passes through PocketNet in 1.4 s on the CPU."),
        ({"passes": 1}, "1 pass through PocketNet in 1.4 s on the CPU."),
        ({"classifier": "My_Net"}, r"52 passes through My\_Net in 1.4 s on the CPU."),
    ],
)
def test_the_cost_is_counted_in_passes_and_seconds(explanation, changes, said):
    assert proof.cost(explanation(changes=changes)) == said


@pytest.mark.parametrize(
    ("said", "found", "more"),
    [
        ("logit 3.00 · 52 passes", None, {}),
        ("probability 96.5% · 1 pass", None, {"score": 0.9649, "changes": {"passes": 1}, "scale": "probability"}),
        ("logit 3.00 · gap 25.0% · 52 passes", None, {"baseline_score": 1.0, "residual": -0.5}),
        ("logit 3.00 · no gap to judge · 52 passes", None, {"baseline_score": 3.0, "residual": 0.25}),
        ("logit 3.00 · not converged · 52 passes", None, {"history": (Level(513, 0.25, 0.1, False),)}),
        ("logit 3.00 · zero everywhere · 52 passes", None, {"values": 0.0}),
        ("logit 3.00 · error about 2.1% · 52 passes", None, {"error": 0.0214}),
        (
            "logit 3.00 · not converged · error about 20% · 52 passes",
            None,
            {"error": 0.2, "sampling": Sampling(8000, "random masks", False)},
        ),
        ("logit 3.00 · rule covers 19 of 47 · 52 passes", Coverage(19, 47, {"sigmoid": 28}), {}),
        ("logit 3.00 · rule covers 1 of at least 3 · 52 passes", Coverage(1, 3, {}, 2), {}),
        ("logit 3.00 · equals the gradient · 52 passes", Coverage(0, 0, {}), {}),
    ],
)
def test_the_proof_in_one_line(explanation, said, found, more):
    target = Target(0, scale=more.pop("scale", "logit"))
    explainer = SimpleNamespace(inner=SimpleNamespace(coverage=lambda classifier: found))
    assert proof.brief(explainer, None, explanation(target=target, **more)) == said


def test_a_map_with_a_single_value_is_not_empty(explanation):
    given = explanation(0)
    given.values[1, 0, 1] = -1e-30
    assert proof.why_empty(given) is None


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        ("the baseline is the picture itself", {"baselines": np.full((1, 3, 2, 2), 0.5)}),
        ("evidence against the class only", {"rectified": True, "changes": {"empty_because": GradCAM().empty_because}}),
        (
            "all noisy copies of the picture have the same map",
            {"rectified": True, "changes": {"empty_because": SmoothGradSquared().empty_because}},
        ),
        ("doesn't depend on any pixel", {"rectified": True}),
        ("the probability is saturated", {"target": Target(0, scale="probability")}),
        ("doesn't depend on any pixel", {"baselines": np.zeros((1, 3, 2, 2))}),
        ("doesn't depend on any pixel", {}),
    ],
)
def test_an_empty_map_says_why(explanation, reason, more):
    assert reason in proof.why_empty(explanation(0, **more))


def test_every_sign_of_markdown_is_escaped_and_nothing_else():
    signs = r"\`*_{}[]()#+-!|<>$~:"
    for sign in string.printable:
        assert proof.escaped(sign) == (f"\\{sign}" if sign in signs else sign)


def test_an_escaped_label_reads_as_before():
    label = r"Men's *best* [friend](x) \ $1 & 2$ :smile: <b>"
    assert proof.escaped(label).replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == label


def grid(sums, error=0.0214, gap=0.002, settled=True):
    """One value whose trapezoid sums over 8, 16... steps are these, and adaptive points by which it is 1."""
    steps = tuple(8 * 2**level for level in range(len(sums)))
    values = np.array([total * count for total, count in zip(sums, steps, strict=True)]).reshape(-1, 1, 1, 1)
    history = (Level(17, 0.5, 0.5, False), Level(41, error, gap, settled))
    return StepGrid(steps, values, np.zeros((2, 1, 1, 1)), 1.0, 1.0, np.ones((1, 1, 1)), history)


def test_the_points_that_are_enough_are_named_of_both_kinds():
    assert proof.enough(grid([0.5, 0.9, 0.96, 0.98, 1.0]), 0.03) == (
        "**For this picture 41 adaptive points are enough**: their map's expected error is about 2.1%, with a gap of "
        "0.2%. Uniform steps come within 3.0% of it with 65 points."
    )


def test_uniform_steps_that_are_not_enough_are_called_that():
    assert proof.enough(grid([0.5, 0.9]), 0.03).endswith("17 uniform points are still 10.0% away from it.")


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (0.071, "with a gap of 7.1%."),
        (None, "and its gap isn't judged, because both ends of the path have nearly the same score."),
    ],
)
def test_adaptive_points_that_are_not_enough_are_called_that(gap, said):
    assert proof.enough(grid([0.5, 1.0], 0.2, gap, False), 0.03) == (
        f"**For this picture 41 adaptive points are not enough**: their map's expected error is about 20%, {said}"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"folded": False}, None),
        ({"folded": True}, "Computed on a faster copy of My\\_net. Its answers to three"),
        ({"folded": False, "refuted": True}, "A faster way of running My\\_net gave other answers here, so"),
    ],
)
def test_the_network_that_was_used_is_said(explanation, changes, said):
    found = proof.verification(explanation(changes={"classifier": "My_net", **changes}))
    assert found is None if said is None else found.startswith(said)


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        (Traits(), None),
        (Traits(irregular=True), None),
        (Traits(random=True), "are partly random"),
        (Traits(remembers=True), "depends on the pictures that it was given before"),
        (Traits(batch_dependent=True), "depends on the other pictures in its batch"),
    ],
)
def test_what_is_unusual_about_the_network_is_said(explanation, traits, said):
    found = proof.caution(explanation(changes={"traits": traits}))
    assert found is None if said is None else said in found
