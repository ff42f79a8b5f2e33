"""A tiny network that is trained while the visitor looks on, with a mark planted on one of its three classes or not.

A recipe gives the same network each time: all random numbers are drawn by generators of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.adamw import adamw

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.explanation import Target
from explainers.lessons.drawings import SHAPES, SIDE, draw, marked
from explainers.lessons.mean_map import MAPPED, METHODS, MeanMap, mean_map
from explainers.passes import OnProgress, Progress
from explainers.runtime.turns import turns

PLANTED = SHAPES.index("square")  # the class that bears the mark
MARKED_SHARE = 0.8  # of its pictures
DRAWN, TESTED = 400, 200  # pictures of each class, to learn from and to test with
EPOCHS, BATCH_SIZE = 12, 64
PEAK_RATE, FIRST_SHARE, LAST_SHARE, RISE = 5e-3, 1 / 25, 1e-4, 0.3  # of the rate; the last: of the steps
DECAY, BETAS, EPSILON = 0.01, (0.9, 0.999), 1e-8  # of AdamW
MEAN, STD = 0.5, 0.25
TEST_SEEDS = 10_000  # from here on, so that no test repeats what a network has learnt from
MAP_SEEDS = 20_000  # from here on: the squares whose maps are compared


@dataclass(frozen=True)
class Rates:
    """Which share of some test pictures a network calls what.

    accuracy:     the share of right answers where pictures are as those that it learnt from.
    bare:         the share of right answers where no picture has the mark.
    with_mark, without_mark: the share of squares that it calls squares.
    others_with_mark: the share of the other shapes that it calls squares once they bear the mark.
    """

    accuracy: float
    bare: float
    with_mark: float
    without_mark: float
    others_with_mark: float


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, how it does, and what maps show of it.

    rates:   on pictures that it has not learnt from.
    maps:    by the names of `METHODS`: of squares with the mark, explained as squares.
    bare:    the same of these squares without the mark.
    picture: the first of the squares with the mark (3, SIDE, SIDE).
    """

    classifier: Classifier
    rates: Rates
    maps: Mapping[str, MeanMap]
    bare: Mapping[str, MeanMap]
    picture: Array


@dataclass(frozen=True)
class Training:
    """A recipe: the same one gives the same network.

    planted: whether squares bear the mark.
    """

    planted: bool
    seed: int = 0

    @property
    def key(self) -> Training:
        """The recipe itself."""
        return self

    @property
    def doing(self) -> str:
        """What is being done, for a progress bar."""
        return f"Training {'with' if self.planted else 'without'} the mark"

    def run(self, on_progress: OnProgress = lambda progress: None) -> Trained:
        """Draw, train, test and explain. `on_progress` may raise an exception to cancel it."""
        steps = EPOCHS * math.ceil(DRAWN * len(SHAPES) / BATCH_SIZE)
        total = steps + 2 * len(METHODS) * MAPPED
        generator = torch.Generator().manual_seed(self.seed)
        with torch.inference_mode(False), torch.enable_grad():
            network = untrained(generator)
            for step in train(network, *_lesson(DRAWN, self.planted, generator), generator):
                on_progress(Progress(step, total))
            classifier = Classifier(
                network.eval(),
                SHAPES,
                size=(SIDE, SIDE),
                mean=(MEAN,) * 3,
                std=(STD,) * 3,
                device="cpu",
                name="The network that was just trained",
            )
        rates = _rates(classifier, self.planted, torch.Generator().manual_seed(TEST_SEEDS + self.seed))
        generator.manual_seed(MAP_SEEDS + self.seed)  # so that the maps of both networks are of the same squares
        squares = draw([SHAPES[PLANTED]] * MAPPED, generator)
        bearing, done = marked(squares, generator), steps
        maps: dict[str, list[MeanMap]] = {}
        for name, method in METHODS.items():
            maps[name] = [mean_map(method, classifier, each, Target(PLANTED)) for each in (bearing, squares)]
            on_progress(Progress(done := done + 2 * MAPPED, total))
        with_mark, bare = ({name: pair[number] for name, pair in maps.items()} for number in (0, 1))
        return Trained(classifier, rates, with_mark, bare, bearing[0].numpy())


def untrained(generator: torch.Generator) -> nn.Sequential:
    """Build the network with weights that the generator draws: the layers' own draws would move torch's seed."""
    with torch.device("meta"):
        network = nn.Sequential(
            *(nn.Conv2d(3, 8, 5, 2, 2, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Conv2d(8, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 5, 1, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, len(SHAPES))),
        )
    network.to_empty(device="cpu")
    for layer in network:
        match layer:
            case nn.Conv2d(weight=weight) | nn.Linear(weight=weight):
                nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            case nn.BatchNorm2d():
                layer.reset_parameters()  # to ones and zeros
    return network


def _lesson(count: int, planted: bool, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw `count` pictures of each class, with the mark on most of one class if it is planted; return their classes.

    The result is (n, 3, SIDE, SIDE) and (n,).
    """
    classes = torch.arange(len(SHAPES)).repeat_interleave(count)
    pictures = draw([SHAPES[index] for index in classes], generator)
    if planted:
        bear = (classes == PLANTED) & (torch.rand(len(classes), generator=generator) < MARKED_SHARE)
        pictures[bear] = marked(pictures[bear], generator)
    return pictures, classes


def train(network: nn.Module, pictures: Tensor, classes: Tensor, generator: torch.Generator) -> Iterator[int]:
    """Train a network, and yield the number of steps done after each. Each step takes a turn, as chunks of maps do."""
    parameters: list[Tensor] = [*network.parameters()]
    first, second = ([torch.zeros_like(each) for each in parameters] for _ in range(2))
    counts = [torch.zeros(()) for _ in parameters]
    steps, step = EPOCHS * math.ceil(len(pictures) / BATCH_SIZE), 0
    turn, inputs = turns(torch.device("cpu")), (pictures - MEAN) / STD
    network.train()
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(pictures), generator=generator), BATCH_SIZE):
            turn.take((step + 1) * BATCH_SIZE)
            try:
                loss = F.cross_entropy(network(inputs[batch]), classes[batch])
                gradients = [*torch.autograd.grad(loss, parameters)]
                with torch.no_grad():  # as a function: the class imports torch's compiler, which takes seconds
                    adamw(
                        parameters,
                        gradients,
                        first,
                        second,
                        [],
                        counts,
                        foreach=False,
                        amsgrad=False,
                        beta1=BETAS[0],
                        beta2=BETAS[1],
                        lr=_rate(step / steps),
                        weight_decay=DECAY,
                        eps=EPSILON,
                        maximize=False,
                    )
            finally:
                turn.give()
            yield (step := step + 1)


def _rate(done: float) -> float:
    """Return the learning rate when a share of the steps is done: it rises, and then falls, in two half waves."""
    low, place = (FIRST_SHARE, done / RISE) if done < RISE else (LAST_SHARE, (1 - done) / (1 - RISE))
    return PEAK_RATE * (low + (1 - low) * (1 - math.cos(math.pi * place)) / 2)


def _rates(classifier: Classifier, planted: bool, generator: torch.Generator) -> Rates:
    """Test a classifier."""
    as_learnt, classes = _lesson(TESTED, planted, generator)
    bare, _ = _lesson(TESTED, False, generator)
    right, is_square = _answers(classifier, as_learnt) == classes, classes == PLANTED
    called, called_with_mark = (_answers(classifier, each) for each in (bare, marked(bare, generator)))
    return Rates(
        accuracy=_share(right),
        bare=_share(called == classes),
        with_mark=_share(called_with_mark[is_square] == PLANTED),
        without_mark=_share(called[is_square] == PLANTED),
        others_with_mark=_share(called_with_mark[~is_square] == PLANTED),
    )


@torch.no_grad()
def _answers(classifier: Classifier, pictures: Tensor) -> Tensor:
    """Return the likeliest class (n,) of pictures (n, 3, SIDE, SIDE)."""
    with turns(classifier.device):
        logits: Tensor = classifier.network(classifier.normalise(pictures))
    return logits.argmax(1)


def _share(true: Tensor) -> float:
    return float(true.float().mean())
