"""The kernel of path methods: known answers, chunks, and Captum as judge."""

import weakref
from itertools import product

import captum.attr
import numpy as np
import pytest
import torch
from captum.attr._utils.approximation_methods import approximation_parameters
from captum.testing.helpers import basic_models as models
from torch import nn
from torch.nn import functional as F

from explainers.paths.integrate import CAPTUM_RULES, PathIntegral, integrate
from explainers.paths.quadrature import quadrature
from explainers.runtime.chunks import Chunks


def double(*values):
    return torch.tensor(values, dtype=torch.float64)[None]


def attributions(function, inputs, baselines, rule="midpoint", steps=1000):
    """The Integrated Gradients of a function of tensors (n, ...), per input tensor."""
    run = Chunks(64).run
    path = integrate(lambda points, rows: function(*points), inputs, baselines, *quadrature(rule, steps), run=run)
    return [gradient * (end - start) for gradient, end, start in zip(path.gradients, inputs, baselines, strict=True)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x1, x2: F.relu(F.relu(x1) - 1 - F.relu(x2))[:, 0],
        lambda x1, x2: F.relu(F.relu(x1 - 1) - F.relu(x2))[:, 0],
    ],
)
def test_two_ways_to_write_a_function_give_one_attribution(function):
    # Sundararajan et al. 2017, and captum tests/attr/test_integrated_gradients_basic.py. With 1000 midpoints the one
    # kink, at alpha = 1/2, lies on the border of two intervals.
    first, second = attributions(function, (double(3.0), double(1.0)), (double(0.0), double(0.0)))
    assert (float(first), float(second)) == (pytest.approx(1.5, abs=1e-4), pytest.approx(-0.5, abs=1e-4))


def test_a_separable_function_is_integrated_term_by_term():
    # PAIR-code/saliency, saliency/core/integrated_gradients_test.py
    (found,) = attributions(
        lambda x: 5 * x[:, 0] + x[:, 1] ** 2 + x[:, 2].sin(), (double(1, 2, 3),), (double(0.5, 1, 1),)
    )
    assert found[0].tolist() == pytest.approx([2.5, 3.0, np.sin(3) - np.sin(1)], abs=1e-4)


@pytest.mark.parametrize(
    ("output", "start", "end", "expected"),
    [(1, (0.0, 1.0), (0.0, -1.0), (0, -1)), (0, (2.0, 3.0), (4.0, 3.0), (2, 0))],
)
def test_lines_across_a_relu_layer(output, start, end, expected):
    # 95616ARG/SyReNN, pysyrenn/helpers/tests/integrated_gradients.py: kinks at 0, 1/2 and 1, and at 0 and 1
    (found,) = attributions(lambda x: F.relu(x)[:, output], (double(*end),), (double(*start),))
    assert found[0].tolist() == pytest.approx(expected, abs=1e-4)


def unbiased(layers=3, width=16, inputs=12):
    """A ReLU network with max pooling and no bias (Hesse et al., NeurIPS 2021)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(inputs, width, bias=False),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Linear(width // 2, width, bias=False),
            nn.ReLU(),
            nn.Linear(width, 3, bias=False),
        ).double()


@pytest.mark.parametrize("rule", ["midpoint", "gauss-legendre", "right"])  # the others ask for the gradient at the kink
@pytest.mark.parametrize("steps", [2, 5])
def test_without_biases_it_is_input_times_gradient(rule, steps, apart):
    network, x = unbiased(), batch(2, 12).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x)[:, 1].sum(), x)
    (found,) = attributions(
        lambda point: network(point)[:, 1], (x.detach(),), (torch.zeros(2, 12).double(),), rule, steps
    )
    assert apart(found, x.detach() * gradient) < 1e-6


def mlp(inputs=6, classes=4):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(inputs, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, classes)
        ).double()


def batch(count=3, inputs=6, seed=0):
    return torch.randn(count, inputs, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def walk(score, ends, starts, points, chunk=9):
    """`integrate` for functions (points, rows) of one tensor."""
    return integrate(lambda x, rows: score(x[0], rows), (ends,), (starts,), *points, run=Chunks(chunk).run)


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_the_chunk_makes_no_difference(chunk, apart):
    network, ends, starts = mlp(), batch(), batch(seed=1)
    whole, parts = (
        walk(lambda x, rows: network(x)[:, 2], ends, starts, quadrature("midpoint", 11), size) for size in (33, chunk)
    )
    assert apart(parts.gradients[0], whole.gradients[0]) < 1e-12
    assert apart(parts.slopes, whole.slopes) < 1e-12


def test_a_batch_is_a_loop(apart):
    network, ends, starts, targets = mlp(), batch(), batch(seed=1), torch.tensor([2, 0, 3])

    def score(points, rows):
        return network(points).gather(1, targets[rows, None])[:, 0]

    both = walk(score, ends, starts, quadrature("left", 5), 4)
    for row in range(3):
        one = slice(row, row + 1)
        single = walk(
            lambda points, rows, row=row: score(points, rows + row), ends[one], starts[one], quadrature("left", 5), 4
        )
        assert apart(both.gradients[0][one], single.gradients[0]) < 1e-12
        assert apart(both.slopes[one], single.slopes) < 1e-12
        assert apart(both.gradient_mean[one], single.gradient_mean) < 1e-12
        assert apart(both.gradient_size[one], single.gradient_size) < 1e-12


def test_points_come_in_the_order_of_the_path():
    seen, rows = [], []

    def score(points, row):
        seen.extend(points[:, 0].tolist())
        rows.extend(row.tolist())
        return points.sum(1)

    walk(score, torch.ones(2, 1), torch.zeros(2, 1), ([0.0, 0.25, 1.0], [0.5, 0.25, 0.25]), 4)
    assert seen == [0, 0.25, 1] * 2
    assert rows == [0, 0, 0, 1, 1, 1]


def test_the_last_point_of_the_path_is_the_picture_itself():
    seen = []
    end, start = batch(), batch(seed=1)
    walk(lambda x, rows: seen.append(x.detach()) or x.sum(1), end, start, ([0.0, 1.0], [0, 1]))
    torch.testing.assert_close(torch.cat(seen)[1::2], end, rtol=0, atol=1e-15)


def test_a_weight_of_zero_only_records():
    network, end, start = mlp(), batch(1), batch(1, seed=1)
    alphas, weights = quadrature("midpoint", 4)
    plain, more = (
        walk(lambda x, rows: network(x)[:, 0], end, start, points)
        for points in ((alphas, weights), ([0, *alphas, 1], [0, *weights, 0]))
    )
    torch.testing.assert_close(more.gradients[0], plain.gradients[0], rtol=1e-12, atol=0)
    torch.testing.assert_close(more.slopes[:, 1:-1], plain.slopes, rtol=1e-12, atol=0)


def test_nothing_but_sums_is_kept_of_a_chunk():
    chunks = []

    def score(points, rows):
        chunks.append(weakref.ref(points))
        assert sum(chunk() is not None for chunk in chunks) <= 2  # this one and, at most, the one before
        return (points**2).sum(1)

    walk(score, torch.ones(1, 5), torch.zeros(1, 5), quadrature("midpoint", 40), 4)
    assert len(chunks) == 10


@pytest.mark.parametrize("off", [torch.no_grad, torch.enable_grad])
def test_it_works_with_gradients_off_and_leaves_the_switch_as_it_was(off):
    with off():
        before = torch.is_grad_enabled()
        (found,) = attributions(lambda x: (x**2).sum(1), (double(3.0),), (double(0.0),), steps=2)
        assert torch.is_grad_enabled() == before
    assert float(found) == pytest.approx(9)
    assert not found.requires_grad


PLAIN = [name for name in CAPTUM_RULES if name != "riemann_trapezoid"]  # whose weights don't sum to 1 in Captum


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize("steps", [2, 7, 50])
def test_it_equals_captum_in_float64(method, steps):
    # Captum rounds its weights to float32, which alone makes 2e-8 at 50 steps: give both the rounded ones
    network, ends, starts = mlp(), batch(), batch(seed=1)
    sizes, alphas = (make(steps) for make in approximation_parameters(method))
    given = {"target": 2, "n_steps": steps, "step_sizes_and_alphas": (torch.tensor(sizes).float().tolist(), alphas)}
    (ours,) = PathIntegral(network)._attribute((ends,), (starts,), **given)
    (captums,) = captum.attr.IntegratedGradients(network)._attribute((ends,), (starts,), **given)
    torch.testing.assert_close(ours, captums, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize("steps", [2, 7, 50])
def test_it_equals_captum_but_for_the_rounding_of_weights(apart, method, steps):
    network, ends, starts = mlp(), batch(), batch(seed=1)
    given = {"baselines": starts, "target": 2, "n_steps": steps, "method": method}
    ours, captums = (kind(network).attribute(ends, **given) for kind in (PathIntegral, captum.attr.IntegratedGradients))
    assert apart(ours, captums) < 1e-7


def test_its_trapezoid_rule_is_captums_without_the_bias(apart):
    network, ends, starts = mlp(), batch(), batch(seed=1)
    given = {"baselines": starts, "target": 2, "n_steps": 50, "method": "riemann_trapezoid"}
    ours, captums = (kind(network).attribute(ends, **given) for kind in (PathIntegral, captum.attr.IntegratedGradients))
    assert apart(ours, captums * 50 / 49) < 1e-6


CASES = {
    # name: (network, inputs, baselines, extra arguments, target), after pytorch/captum,
    # tests/attr/test_integrated_gradients_basic.py, some of whose inputs give 0 everywhere: these don't
    "two inputs": (models.BasicModel2, ([3.0], [1.0]), None, None, None),
    "two inputs, number as baseline": (models.BasicModel3, ([3.0], [1.0]), (0, 0.1), None, None),
    "one number": (models.BasicModel, ([-1.0],), 0.00001, None, None),
    "tensor as extra": (
        models.BasicModel4_MultiArgs,
        ([[11.5, 2.0, 34.3]], [[3.0, 3.5, 23.2]]),
        (0.0, torch.zeros(1, 3)),
        torch.arange(1.0, 4.0).reshape(1, 3),
        None,
    ),
    "tensor and number as extra": (
        models.BasicModel4_MultiArgs,
        ([[1.5, 12.0, 34.3], [3.4, 11.2, 2.0]], [[3.0, 3.5, 23.2], [2.3, 1.2, 0.3]]),
        (torch.zeros(2, 3), 0.0),
        (torch.arange(1.0, 7.0).reshape(2, 3), 1),
        None,
    ),
    "list as long as the batch as extra": (
        models.BasicModel5_MultiArgs,
        ([[1.5, 12.0, 34.3], [3.4, 11.2, 2.0]], [[3.0, 3.5, 23.2], [2.3, 1.2, 0.3]]),
        (torch.zeros(1, 3), 0.00001),
        ([2, 3], 1),
        None,
    ),
    "inputs added": (models.BasicModel6_MultiTensor, ([[1.5, 2.0, 3.3]], [[3.0, 3.5, 2.2]]), None, None, None),
    "batch": (models.BasicModel_MultiLayer, ([[1.5, 2.0, 1.3], [0.5, 0.1, 2.3]],), None, None, 0),
    "batch of two inputs": (
        models.BasicModel_MultiLayer,
        ([[1.5, 2.1, 1.9], [0.5, 0.0, 0.7]], [[0.3, 1.9, 2.4], [0.5, 0.6, 2.1]]),
        None,
        None,
        0,
    ),
    "list of targets": (models.BasicModel_MultiLayer, ([[1.5, 2.0, 1.3], [0.5, 0.1, 2.3]],), None, None, [1, 0]),
    "tensor of targets": (
        models.BasicModel_MultiLayer,
        ([[1.5, 2.0, 1.3], [0.5, 0.1, 2.3]],),
        None,
        None,
        torch.tensor([1, 0]),
    ),
    "one target in a tensor": (
        models.BasicModel_MultiLayer,
        ([[1.5, 2.0, 1.3], [0.5, 0.1, 2.3]],),
        None,
        None,
        torch.tensor(1),
    ),
    "tuple as target": (
        models.BasicModel_MultiLayer,
        ([[1.5, 2.0, 1.3], [0.5, 0.1, 2.3]],),
        None,
        (None, True),
        (1, 0, 1),
    ),
    "list of tuples as target": (
        models.BasicModel_MultiLayer,
        ([[1.5, 2.0, 1.3], [0.5, 0.1, 2.3]],),
        None,
        (None, True),
        [(1, 0, 1), (0, 1, 1)],
    ),
}


def ask(kind, case, tunnel=None, multiply=True, **more):
    """What a class answers in one of Captum's cases: (attributions as a tuple, convergence delta)."""
    make, inputs, baselines, extra, target = CASES[case]
    inputs = tuple(torch.tensor(values, dtype=torch.float64) for values in inputs)
    method = kind(make().double(), multiply_by_inputs=multiply)
    given = {"baselines": baselines if isinstance(baselines, tuple | None) else (baselines,), "target": target}
    given |= {"additional_forward_args": extra, "return_convergence_delta": True, **more}
    if tunnel is None:
        return method.attribute(inputs, **given)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return captum.attr.NoiseTunnel(method).attribute(inputs, nt_type=tunnel, nt_samples=4, stdevs=0.1, **given)


def agree(ours, captums):
    torch.testing.assert_close(ours, captums, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("more", [{}, {"internal_batch_size": 10}, {"method": "riemann_left", "n_steps": 64}], ids=str)
def test_it_passes_captums_cases(case, more):
    ours = ask(PathIntegral, case, **more)
    agree(ours, ask(captum.attr.IntegratedGradients, case, **more))
    assert all(found.any() for found in ours[0])


@pytest.mark.parametrize("case", CASES)
def test_it_gives_the_mean_gradient_alone_as_captum_does(case):
    agree(ask(PathIntegral, case, multiply=False), ask(captum.attr.IntegratedGradients, case, multiply=False))


TUNNELS = ["smoothgrad", "smoothgrad_sq", "vargrad"]


@pytest.mark.parametrize(
    ("case", "tunnel", "size"),
    [
        *((case, "smoothgrad", 3) for case in CASES),
        *product(["batch of two inputs", "list of tuples as target"], TUNNELS, [None, 1, 3]),
    ],
)
def test_captums_noise_tunnel_runs_on_it(case, tunnel, size):
    # it calls with gradients switched off
    agree(
        *(
            ask(kind, case, tunnel, nt_samples_batch_size=size)
            for kind in (PathIntegral, captum.attr.IntegratedGradients)
        )
    )


def test_a_path_starts_and_ends_at_the_very_pictures():
    start, end = torch.rand((2, 1, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    met = []

    def score(points, rows):
        met.append(points.detach())
        return points.flatten(1).sum(1)

    walk(score, end, start, ([0.0, 0.3, 1.0], [0.0, 1.0, 0.0]), 2)
    points = torch.cat(met)
    assert torch.equal(points[0], start[0])
    assert torch.equal(points[-1], end[0])


def test_a_slope_is_finite_where_the_gradient_is_infinite_on_what_does_not_change():
    end = torch.rand((1, 1, 2, 2), generator=torch.Generator().manual_seed(0))
    end[..., 0] = 0
    path = walk(lambda points, rows: points.sqrt().flatten(1).sum(1), end, torch.zeros_like(end), ([1.0], [1.0]), 2)
    assert path.gradient_size.isinf().all()
    assert path.slopes.item() == pytest.approx(float(end.sqrt().sum()) / 2)
