"""Integrated Gradients: known answers, the trace, automatic steps."""

from dataclasses import replace

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from explainers import IntegratedGradients, Target
from explainers.passes import Passes
from explainers.paths.integrate import integrate
from explainers.paths.quadrature import RULES, quadrature
from explainers.runtime.chunks import Chunks

every_rule = pytest.mark.parametrize("rule", RULES)


TARGET = Target(1)


def attributions(function, inputs, baselines, rule="midpoint", steps=1000):
    """The Integrated Gradients of a function of tensors (n, ...), per input tensor."""
    run = Chunks(64).run
    path = integrate(lambda points, rows: function(*points), inputs, baselines, *quadrature(rule, steps), run=run)
    return [gradient * (end - start) for gradient, end, start in zip(path.gradients, inputs, baselines, strict=True)]


@every_rule
@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_a_linear_model_is_complete_with_any_rule_and_number_of_steps(linear, linear64, noise, rule, steps):
    for classifier, tolerance in ((linear64, 1e-12), (linear, 1e-5)):
        picture = noise(classifier.size, dtype=torch.float64)
        starts = torch.zeros_like(picture)
        weight = classifier.network[1].weight[1].double().view(classifier.channels, *classifier.size)
        with Passes(classifier, [TARGET], fused=True) as passes:
            found = IntegratedGradients(steps=steps, rule=rule).attribute(passes, picture[None].to(classifier.dtype))
        change = float(found.scores - found.baseline_scores[0, 0])
        assert abs(float(found.values.double().sum()) - change) / abs(change) < tolerance
        expected = weight / torch.tensor(classifier.std).view(3, 1, 1) * (picture - starts)
        torch.testing.assert_close(found.values[0].double(), expected, rtol=1e-5, atol=1e-7)


@every_rule
@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_the_gap_of_a_linear_model_vanishes(linear, noise, rule, steps):
    explanation = IntegratedGradients(steps=steps, rule=rule)(linear, noise(linear.size), TARGET)
    assert explanation.gap < 1e-5


def captums_map(network, classifier, picture, steps, size):
    """Captum's map of TARGET from black, with the normalisation written out."""
    mean, std = (torch.tensor(values).to(picture).view(1, -1, 1, 1) for values in (classifier.mean, classifier.std))
    method = captum.attr.IntegratedGradients(lambda pixels: network((pixels - mean) / std))
    given = {"n_steps": steps, "method": "riemann_middle", "internal_batch_size": size}
    return method.attribute(picture[None], baselines=0.0, target=TARGET.index, **given)[0]


def test_it_equals_captum_on_a_real_network(real, noise, apart):
    network, classifier = real("resnet18", 64, torch.float64)
    picture = noise((64, 64), dtype=torch.float64)
    found = IntegratedGradients(steps=16)(classifier, picture, TARGET).values
    assert apart(found, captums_map(network, classifier, picture, 16, 8)) < 1e-6


def test_without_preparing_it_equals_captum_in_float32(real, classify, noise, apart):
    network, classifier = real("resnet18", 64)
    plain = classify(network, (64, 64), classes=10, mean=classifier.mean, std=classifier.std, prepare=False)
    found = IntegratedGradients(steps=16)(plain, noise((64, 64)), TARGET).values
    assert apart(found, captums_map(network, plain, noise((64, 64)), 16, 8)) < 1e-5


def test_preparing_costs_no_more_than_float32_noise(real, noise, apart):
    # A ReLU that stands at 0 for some alpha flips on rounding, whoever computes. Measured here over ten pictures, from
    # float64: ours median 2e-4, largest 7e-3; Captum's median 5e-7, largest 7e-3 (and 6e-3 from itself when its chunks
    # are 1 instead of 8). So a tight bound would test luck; that the folded network is the same, float64 shows above.
    found = IntegratedGradients(steps=16)(real("resnet18", 64).classifier, noise((64, 64)), TARGET).values
    truth = real("resnet18", 64, torch.float64).classifier
    exact = IntegratedGradients(steps=16)(truth, noise((64, 64), dtype=torch.float64), TARGET).values
    assert apart(found, exact) < 2e-2


def test_the_gap_of_a_smooth_network_vanishes(classify, noise):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 6, 3), nn.GELU(), nn.Conv2d(6, 6, 3), nn.Tanh(), nn.Flatten())
        network = nn.Sequential(network, nn.Linear(6 * 4 * 5, 3)).double()
    classifier = classify(network, (8, 9))
    for scale in ("logit", "probability"):
        ask_for = IntegratedGradients(steps=20, rule="gauss-legendre", baseline="white")
        explanation = ask_for(classifier, noise((8, 9)), Target(1, versus=2, scale=scale))
        assert explanation.gap < 1e-6  # values are kept in float32


@pytest.mark.parametrize("name", ["black", "white", "random", "blurred picture"])
def test_scores_are_those_of_the_picture_and_its_baselines(conv64, noise, name):
    picture = noise(conv64.size, dtype=torch.float64)
    explanation = IntegratedGradients(steps=3, baseline=name)(conv64, picture, TARGET)
    assert explanation.baselines.shape == (4 if name == "random" else 1, 3, *conv64.size)

    def logit(pixels):
        return {p.index: p.logit for p in conv64.predict(torch.as_tensor(pixels), 3)}[TARGET.index]

    assert explanation.score == pytest.approx(logit(picture), rel=1e-5)
    starts = [logit(start) for start in explanation.baselines]
    assert explanation.baseline_score == pytest.approx(np.mean(starts), rel=1e-5)
    found = explanation.values.astype(np.float64).sum() - (explanation.score - explanation.baseline_score)
    assert explanation.residual == pytest.approx(found, abs=1e-5)


def test_random_baselines_are_averaged(conv64, noise, apart):
    picture = noise(conv64.size, dtype=torch.float64)
    ask_for = IntegratedGradients(steps=4, baseline="random", draws=3, seed=5)
    explanation = ask_for(conv64, picture, TARGET)
    network = conv64.network

    def score(pixels):
        return network(conv64.normalise(pixels))[:, TARGET.index]

    single = [
        attributions(score, (picture[None],), (torch.from_numpy(start)[None].double(),), steps=4)[0][0]
        for start in explanation.baselines
    ]
    assert apart(explanation.values, sum(single) / 3) < 1e-6
    assert len({start.tobytes() for start in explanation.baselines}) == 3


@pytest.mark.parametrize("name", ["random", "blurred picture"])
def test_a_batch_of_pictures_from_other_baselines_is_a_loop(conv64, noise, apart, name):
    targets, explainer = [Target(2), Target(0)], IntegratedGradients(steps=3, baseline=name, draws=2)
    pictures = torch.stack([noise(conv64.size, seed=seed, dtype=torch.float64) for seed in (3, 4)])
    with Passes(conv64, targets, fused=True) as passes:
        found = explainer.attribute(passes, pictures)
    for row, target in enumerate(targets):
        single = explainer(conv64, pictures[row], target)
        assert apart(found.values[row], single.values) < 1e-6
        assert float(found.scores[row]) == pytest.approx(single.score)
        assert float(found.baseline_scores[row].mean()) == pytest.approx(single.baseline_score)
        assert found.traces[row].logits == pytest.approx(single.trace.logits)


def test_random_baselines_repeat_by_seed(conv, noise):
    def values(seed):
        return IntegratedGradients(steps=2, baseline="random", seed=seed)(conv, noise(conv.size), TARGET).values

    before = torch.random.get_rng_state()
    assert (values(1) == values(1)).all()
    assert (values(1) != values(2)).any()
    assert torch.equal(torch.random.get_rng_state(), before)  # every draw is the call's own


def test_a_picture_equal_to_its_baseline_has_no_gap(conv, linear):
    for classifier in (conv, linear):
        for steps in (1, 7, 63):  # with 63, the last chunk holds one point, which is rounded in another way
            explanation = IntegratedGradients(steps=steps)(classifier, torch.zeros(3, *classifier.size), TARGET)
            assert explanation.gap is None
            assert not explanation.values.any()


@every_rule
@pytest.mark.parametrize("scale", ["logit", "probability"])
@pytest.mark.parametrize("name", ["black", "random"])
def test_the_slopes_integrate_to_the_sum_of_the_map(conv64, noise, rule, scale, name):
    explanation = IntegratedGradients(steps=6, rule=rule, baseline=name)(
        conv64, noise(conv64.size), Target(1, scale=scale)
    )
    trace = explanation.trace
    at = dict(zip(trace.alphas.tolist(), trace.slopes, strict=True))
    integral = sum(weight * at[alpha] for alpha, weight in zip(*quadrature(rule, 6), strict=True))
    assert integral == pytest.approx(explanation.values.astype(np.float64).sum(), rel=1e-4, abs=1e-7)


@every_rule
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_trace_runs_from_the_baseline_to_the_picture(conv64, noise, rule, steps):
    for scale in ("logit", "probability"):
        explanation = IntegratedGradients(steps=steps, rule=rule)(conv64, noise(conv64.size), Target(1, 2, scale))
        trace = explanation.trace
        assert (trace.alphas[0], trace.alphas[-1]) == (0, 1)
        assert (np.diff(trace.alphas) > 0).all()
        curves = vars(trace).values()
        assert {curve.shape for curve in curves} == {trace.alphas.shape}
        scores = trace.logits if scale == "logit" else trace.probabilities
        assert (scores[0], scores[-1]) == (
            pytest.approx(explanation.baseline_score, rel=1e-6),
            pytest.approx(explanation.score, rel=1e-6),
        )
        assert explanation.facts.passes == len(trace.alphas)


def test_the_slopes_are_the_derivative_of_the_score_on_the_path(conv64, noise):
    trace = IntegratedGradients(steps=500, rule="trapezoid")(conv64, noise(conv64.size), TARGET).trace
    middle = (trace.slopes[1:] + trace.slopes[:-1]) / 2
    steps = np.diff(trace.logits) / np.diff(trace.alphas)
    assert np.abs(middle - steps).mean() < 0.02 * np.abs(steps).mean()  # but for the kinks


def test_gradients_in_the_trace_of_a_linear_model_are_its_weights(linear64, noise):
    trace = IntegratedGradients(steps=3)(linear64, noise(linear64.size), TARGET).trace
    weights = linear64.network[1].weight[1].view(3, -1) / torch.tensor(linear64.std).view(3, 1)
    assert trace.gradient_mean == pytest.approx([float(weights.mean())] * 5)
    assert trace.gradient_size == pytest.approx([float(weights.abs().mean())] * 5)


def test_its_cost_counts_draws_and_both_ends(conv):
    assert IntegratedGradients(steps=50).passes(conv) == 52
    assert IntegratedGradients(steps=50, rule="left").passes(conv) == 51
    assert IntegratedGradients(steps=50, rule="trapezoid").passes(conv) == 51
    assert IntegratedGradients(steps=10, baseline="random", draws=3).passes(conv) == 36
    assert IntegratedGradients(steps=10, draws=3).passes(conv) == 12
    assert IntegratedGradients(draws=3).passes(conv) == 1024
    assert IntegratedGradients(baseline="random", draws=3).passes(conv) == 1024  # which they share


AUTOMATIC = [
    IntegratedGradients(),
    IntegratedGradients(baseline="white"),
    IntegratedGradients(baseline="random", draws=3),
    IntegratedGradients(baseline="blurred picture"),
]


every_automatic = pytest.mark.parametrize("explainer", AUTOMATIC, ids=lambda explainer: explainer.baseline)


def attribute(explainer, classifier, picture, target=TARGET, **more):
    """What a method finds, in the classifier's own precision, and the passes that it made."""
    with Passes(classifier, [target], fused=True, **more) as passes:
        return explainer.attribute(passes, picture[None]), passes


def trapezoid(alphas):
    """The weights of the trapezoid rule at alphas, as far apart as they like."""
    widths = np.diff(alphas)
    return np.append(widths, 0) / 2 + np.append(0, widths) / 2


@pytest.mark.parametrize("scale", ["logit", "probability"])
@pytest.mark.parametrize("name", ["black", "white", "blurred picture"])
def test_automatic_steps_give_the_map_of_the_trapezoid_rule_on_their_points(conv64, noise, apart, name, scale):
    picture, target = noise(conv64.size, dtype=torch.float64), Target(1, scale=scale)
    found, passes = attribute(IntegratedGradients(baseline=name), conv64, picture, target)
    (trace,), (history,) = found.traces, found.histories
    assert passes.count == history[-1].points == len(trace.alphas)
    with Passes(conv64, [target], fused=True) as others:
        path = integrate(
            lambda x, rows: others(x[0], rows),
            (picture[None],),
            (found.baselines[0],),
            trace.alphas.tolist(),
            trapezoid(trace.alphas).tolist(),
            run=others.run,
        )
    assert apart(found.values[0], path.gradients[0][0] * (picture - found.baselines[0, 0])) < 1e-12
    scores = trace.logits if scale == "logit" else trace.probabilities
    np.testing.assert_allclose(scores, others.answers[:, others.column], rtol=1e-12)
    np.testing.assert_allclose(trace.slopes, path.slopes[0], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(trace.gradient_size, path.gradient_size[0], rtol=1e-12)
    assert float(found.values.sum()) == pytest.approx(trace.cumulative[-1], rel=1e-9)


@every_automatic
@pytest.mark.parametrize("tolerance", [1.0, 3.0, 10.0])
def test_they_end_when_the_expected_error_is_below_the_tolerance_and_the_true_one_is_like_it(
    conv64, noise, apart, explainer, tolerance
):
    picture = noise(conv64.size, dtype=torch.float64)
    explanation = replace(explainer, tolerance=tolerance)(conv64, picture, TARGET)
    assert explanation.error == explanation.history[-1].error < tolerance / 100
    assert explanation.gap < 0.05
    assert explanation.converged
    exact = replace(explainer, steps=300)(conv64, picture, TARGET)
    assert 0.5 < apart(explanation.values, exact.values) / explanation.error < 1.6


def test_a_probability_that_rises_in_one_place_is_right(classify):
    # from black to white, the probability rises between alphas .313 and .366: between two of the first points
    def score(means):
        return torch.stack([200 * (means[:, 0] - 0.34), 0 * means[:, 1], 0 * means[:, 2] - 50], 1)

    classifier, target = features(classify, score, 3), Target(0, scale="probability")
    explanation = IntegratedGradients()(classifier, torch.ones(3, 8, 9, dtype=torch.float64), target)
    assert explanation.converged
    assert explanation.values.sum((1, 2)) == pytest.approx([1, 0, 0], abs=0.03)
    inside = (explanation.trace.alphas > 0.3125) & (explanation.trace.alphas < 0.375)
    assert inside.sum() > len(inside) / 4  # points stand where they were needed


def test_a_score_that_jumps_is_never_said_to_have_settled(classify):
    def score(means):
        jump = torch.where(means[:, 0] > 0.4, 1.0, 0.0)
        return torch.stack([means[:, 0] + jump, means[:, 1], means[:, 2]], 1)

    explanation = IntegratedGradients()(features(classify, score, 3), torch.ones(3, 8, 9), Target(0))
    assert explanation.converged is False
    assert explanation.error == pytest.approx(1, rel=0.01)  # it misses as much as it shows
    assert explanation.gap == pytest.approx(0.5, rel=0.01)
    assert explanation.facts.passes < 60


def test_every_point_of_the_path_is_passed_once(small, classify, watched, noise):
    batches = []
    classifier = classify(watched(small(dtype=torch.float64), lambda x: batches.append(x.detach())), (24, 24))
    picture = noise((24, 24), dtype=torch.float64)
    batches.clear()
    explanation = IntegratedGradients()(classifier, picture, TARGET)  # from black, so a point is alpha * picture
    alphas = torch.cat([(x * picture).sum((1, 2, 3)) / (picture**2).sum() for x in batches])
    alphas = alphas[: len(alphas) - explanation.facts.checks]  # which pass once more, to verify them
    assert len(alphas) == explanation.facts.passes > 17
    assert sorted(alphas.tolist()) == pytest.approx(explanation.trace.alphas, abs=1e-12)


def test_a_linear_model_has_settled_after_17_points(linear64, noise):
    found, passes = attribute(IntegratedGradients(), linear64, noise(linear64.size, dtype=torch.float64))
    (history,) = found.histories
    assert [level.points for level in history] == [17]
    assert history[-1].gap < 1e-12
    assert history[-1].error < 1e-9
    assert passes.count == 17
    assert IntegratedGradients()(linear64, noise(linear64.size), TARGET).converged is True


class Features(nn.Module):
    """Numbers that depend on the mean of each channel by a function (n, 3) -> (n, classes)."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(1, dtype=torch.float64))  # which makes its input float64

    def forward(self, x):
        return self.function(x.mean((2, 3)))


def features(classify, function, classes):
    return classify(Features(function), (8, 9), classes=classes)


def test_what_never_settles_ends_at_1024_points(classify, noise):
    classifier = features(classify, lambda means: (1e6 * means).sin(), 3)
    explanation = IntegratedGradients()(classifier, noise((8, 9)), TARGET)
    assert explanation.converged is False
    assert explanation.facts.passes == IntegratedGradients().passes(classifier) == 1024
    assert explanation.history[-1].points == len(explanation.trace.alphas) == 1024


@pytest.mark.parametrize(("rest", "judged"), [(0.0, False), (0.04, False), (0.06, True), (-0.06, True)])
def test_the_gap_is_not_judged_where_the_score_comes_back(classify, rest, judged):
    # white from black: the score is a hill of height 1 on which the path ends at `rest`
    def score(means):
        red, green, blue = means.T
        return torch.stack([0 * red, (np.pi * red).sin() + (1 + rest) * green - blue], 1)

    explanation = IntegratedGradients()(features(classify, score, 2), torch.ones(3, 8, 9), TARGET)
    assert [level.gap is not None for level in explanation.history] == [judged] * len(explanation.history)
    assert explanation.converged is True
    assert explanation.score - explanation.baseline_score == pytest.approx(rest, abs=1e-9)
    assert np.abs(explanation.values).sum() == pytest.approx(2 + rest, rel=0.01)


def test_a_constant_network_gives_a_map_of_nothing_that_has_settled(classify, noise):
    classifier = features(classify, lambda means: 0 * means + 0.7, 3)
    explanation = IntegratedGradients()(classifier, noise((8, 9)), TARGET)
    assert not explanation.values.any()
    assert [(level.points, level.error, level.gap) for level in explanation.history] == [(17, 0, None)]
    assert explanation.error == 0
    assert explanation.converged is True
    assert explanation.gap is None


def test_draws_share_their_points_where_they_need_them(conv64, noise, apart):
    picture = noise(conv64.size, dtype=torch.float64)
    explainer = IntegratedGradients(baseline="random", draws=3, seed=5, tolerance=1.5)
    found, passes = attribute(explainer, conv64, picture)
    assert passes.count == found.histories[0][-1].points > 3 * 17
    exact = replace(explainer, steps=300)(conv64, picture, TARGET)
    assert apart(found.values[0], exact.values) < 1.6 * found.errors[0] < 1.6 * 0.015
    (trace,) = found.traces
    assert len(trace.alphas) < passes.count  # some are points of several paths
    assert np.trapezoid(trace.slopes, trace.alphas) == pytest.approx(float(found.values.sum()), rel=1e-9)


def test_every_picture_of_a_batch_settles_by_itself(conv64, noise, apart):
    size, targets = conv64.size, [Target(1), Target(2), Target(0), Target(1, scale="logit")]
    pictures = torch.stack(
        [
            noise(size, dtype=torch.float64),
            torch.zeros(3, *size, dtype=torch.float64),  # the baseline itself
            noise(size, seed=3, dtype=torch.float64),
            0.05 * noise(size, seed=4, dtype=torch.float64),
        ]
    )
    with Passes(conv64, targets, fused=True) as passes:
        found = IntegratedGradients().attribute(passes, pictures)
    ends = [history[-1].points for history in found.histories]
    assert len(set(ends)) > 1
    assert passes.count == sum(ends)
    for row, target in enumerate(targets):
        single, _ = attribute(IntegratedGradients(), conv64, pictures[row], target)
        assert found.histories[row] == single.histories[0]
        assert torch.equal(found.values[row], single.values[0])
        assert (found.traces[row].logits == single.traces[0].logits).all()
    assert ends[1] == 17
    assert not found.values[1].any()


@every_automatic
def test_they_repeat_bit_for_bit(conv, noise, explainer):
    first, second = (explainer(conv, noise(conv.size), TARGET) for _ in range(2))
    assert first.values.tobytes() == second.values.tobytes()
    assert first.history == second.history
    for curve, again in zip(vars(first.trace).values(), vars(second.trace).values(), strict=True):
        assert curve.tobytes() == again.tobytes()


def told(explainer, classifier, picture):
    """An explanation, and all that was told on the way."""
    progress = []
    return explainer(classifier, picture, TARGET, on_progress=progress.append), progress


@every_automatic
def test_the_first_look_is_the_map_of_sixteen_steps(conv64, noise, explainer):
    picture = noise(conv64.size, dtype=torch.float64)
    explanation, progress = told(explainer, conv64, picture)
    (look,) = (report for report in progress if report.preview is not None)
    draws = len(explanation.baselines)
    assert look.done == 17 * draws
    assert [report.done for report in progress] == sorted(report.done for report in progress)
    first = look.preview
    chosen = replace(explainer, steps=16, rule="trapezoid")(conv64, picture, TARGET)
    np.testing.assert_allclose(first.values, chosen.values, rtol=1e-6, atol=1e-9)
    assert (first.score, first.baseline_score) == (
        pytest.approx(chosen.score),
        pytest.approx(chosen.baseline_score),
    )
    assert first.residual == pytest.approx(chosen.residual, rel=1e-6)
    np.testing.assert_allclose(first.trace.cumulative, chosen.trace.cumulative, rtol=1e-9, atol=1e-12)
    assert first.facts.passes == 17 * draws
    assert first.facts.settings == explanation.facts.settings
    assert [level.points for level in first.history] == [17 * draws]
    assert first.error > explanation.error
    assert first.converged is False
    assert explanation.converged is True


def test_a_look_is_not_changed_by_what_follows(conv, noise):
    def look(progress):
        if progress.preview is not None:
            looks.append((progress.preview, progress.preview.values.copy()))

    looks = []
    IntegratedGradients()(conv, noise(conv.size), TARGET, on_progress=look)
    ((first, values),) = looks
    assert (first.values == values).all()
    assert len(first.history) == 1
    assert len(first.trace.alphas) == 17


def test_chosen_steps_have_no_first_look(conv, noise):
    for steps in (1, 8, 50):
        explanation, progress = told(IntegratedGradients(steps=steps), conv, noise(conv.size))
        assert [report for report in progress if report.preview is not None] == []
        assert (explanation.history, explanation.converged, explanation.error) == ((), None, None)


@pytest.mark.parametrize("chunk", [4, 64])
def test_the_total_is_unknown_at_first_and_never_below_what_is_done(conv, noise, monkeypatch, chunk):
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", chunk)
    explanation, progress = told(IntegratedGradients(baseline="random", draws=2), conv, noise(conv.size))
    at_first = [report.total for report in progress if report.done < 34]
    assert at_first == [None] * len(at_first)
    assert all(report.total > report.done for report in progress if report.done >= 34)
    assert progress[-1].total <= 1024
    assert explanation.facts.passes == explanation.history[-1].points > progress[-1].done >= 34
