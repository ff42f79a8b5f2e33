"""How many steps Integrated Gradients needs, compared with an exact oracle."""

from __future__ import annotations

import statistics

import captum.attr
import torch

from explainers import Classifier, Explanation, Target
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.paths.quadrature import RULES
from tools.benchmark.errors import CALIBRATED
from tools.benchmark.exact import CLASSES, SIZE, exact, small_network, small_picture
from tools.benchmark.report import Limit, relative_l1_error, report

ORACLE_SEEDS = range(10)
STEP_COUNTS = (10, 20, 50, 100, 200, 500, 1000)
MAX_MEDIAN_ERRORS = {50: 0.01, 1000: 1e-3}  # of the midpoint rule's maps, by the number of steps
TOLERANCES = (1.0, 3.0, 10.0)  # in per cent, for which the expected error is compared with the true one


class Oracle:
    """The network and the picture of a seed, and the errors of maps, given the exact one."""

    def __init__(self, seed: int) -> None:
        self.network, self.picture = small_network(seed), small_picture(seed)
        labels = [str(index) for index in range(CLASSES)]
        self.classifier = Classifier(self.network, labels, size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, device="cpu")
        self.truth = exact(self.network, self.picture, torch.zeros_like(self.picture), 0)

    def ours(self, method: IntegratedGradients) -> tuple[float, Explanation]:
        """Return the error of Whypixel's map, and the map."""
        explanation = method(self.classifier, self.picture, Target(0))
        return relative_l1_error(torch.from_numpy(explanation.values), self.truth.values), explanation

    def captums(self, steps: int) -> float:
        """Return the error of Captum's map by the trapezoid rule."""
        attributions = captum.attr.IntegratedGradients(self.network).attribute(
            self.picture[None], target=0, n_steps=steps, method="riemann_trapezoid", internal_batch_size=50
        )
        return relative_l1_error(attributions[0], self.truth.values)


def against_exact() -> str:
    """Measure the map error at several numbers of steps, on networks whose exact map is known."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # with more, networks this small are several times slower
    oracles = [Oracle(seed) for seed in ORACLE_SEEDS]
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for count in STEP_COUNTS:
        by_rule = {
            rule: statistics.median(oracle.ours(IntegratedGradients(steps=count, rule=rule))[0] for oracle in oracles)
            for rule in RULES
        }
        rows.append([count, *by_rule.values(), statistics.median(oracle.captums(count) for oracle in oracles)])
        if count in MAX_MEDIAN_ERRORS:
            limits.append(
                Limit(
                    f"map error of the midpoint rule, {count} steps", by_rule["midpoint"], most=MAX_MEDIAN_ERRORS[count]
                )
            )
    automatic = [
        oracle.ours(IntegratedGradients(tolerance=tolerance)) for oracle in oracles for tolerance in TOLERANCES
    ]
    ratios = [error / found.error for error, found in automatic if found.error]
    calibrated = statistics.mean(CALIBRATED[0] <= ratio <= CALIBRATED[1] for ratio in ratios)
    limits.append(Limit("share of maps with automatic steps that are calibrated", calibrated, least=0.9))
    default = [oracle.ours(IntegratedGradients()) for oracle in oracles]
    kinks = statistics.median(len(oracle.truth.kinks) for oracle in oracles)
    residual = max(abs(oracle.truth.residual) for oracle in oracles)
    note = (
        f"Relative L1 error of the map, median of {len(ORACLE_SEEDS)} small networks of random weights in float64, "
        f"with {kinks:.0f} kinks on the path (median). The exact maps miss completeness by {residual:.0e} at most. "
        f"Automatic steps: {statistics.median(error for error, _ in default):.2g} with "
        f"{statistics.median(found.facts.passes for _, found in default):.0f} points (medians); with tolerances of "
        f"{', '.join(f'{tolerance:.0f}' for tolerance in TOLERANCES)}%, the true error is {min(ratios):.2f} to "
        f"{max(ratios):.2f} times the expected one, {statistics.median(ratios):.2f} in the median."
    )
    torch.set_num_threads(threads)
    return report("Steps against an exact map", note, ["steps", *RULES, "Captum's trapezoid"], rows, limits)
