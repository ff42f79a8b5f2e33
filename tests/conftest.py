"""Small networks whose answers are known, big ones of random weights, and noise for pictures.

Nothing is downloaded and nothing is random twice: every draw has its own seed.
"""

import atexit
import gc
import os
import threading
from functools import cache, lru_cache, partial
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import NamedTuple

os.environ["WHYPIXEL_CLASSIFIER"] = "bundled"  # the pages begin with the quick one
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # NumPy reads it once: its threads wait ten times what they work here
os.environ["OMP_NUM_THREADS"] = "1"  # as torch's in servers and other processes, which inherit it, and the last bits

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models
from torchvision.models.convnext import CNBlockConfig
from xdist.scheduler import LoadScopeScheduling

from explainers import Classifier
from explainers.experiments import Randomisation, Removal, Stability

torch.set_num_threads(1)  # small networks gain nothing from more, and on a busy machine more are slower
gc.disable()  # until all tests are collected: what they import stays, and to look through it takes seconds

REVIEWS = TemporaryDirectory(prefix="whypixel-")
os.environ["WHYPIXEL_DB"] = f"{REVIEWS.name}/reviews.sqlite"  # no test keeps anything on the developer's own board
os.environ["WHYPIXEL_RUNS"] = f"{REVIEWS.name}/runs"  # nor shows the developer's own audits
os.mkdir(os.environ["WHYPIXEL_RUNS"])

CHEAP = {Removal: {"steps": 4}, Randomisation: {"stages": 1, "draws": 1}, Stability: {"draws": 1}}
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)  # unlike 0 and 1, so that a forgotten normalisation shows


LATE = ("test_learn", "test_reviews", "test_save", "test_trust_")  # beginnings of files in which no test is about time
SMALL = ("tests/pages/", "tests/tools/", "tests/test_")  # of files that take a few seconds each


def drives_browser(nodeid):
    return nodeid.startswith("tests/browser/")


def comes_late(nodeid):
    return drives_browser(nodeid) and nodeid.rpartition("/")[2].startswith(LATE)


def place(nodeid):
    """Which third of the tests it belongs to: what is small comes last, so that all processes end at the same time."""
    return 2 if nodeid.startswith(SMALL) else 1 if comes_late(nodeid) else 0


class ByFile(LoadScopeScheduling):
    """The tests of a file share a process, and so do most that drive a browser: two of those starve each other.

    They begin at once, and take longer than all others. The rest of them goes to whoever is free, a file at a time.
    """

    def _split_scope(self, nodeid):
        return "browser" if drives_browser(nodeid) and not comes_late(nodeid) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # so that the tests also run without pytest-xdist
def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: place(item.nodeid))


def pytest_collection_finish():
    gc.freeze()  # so that no later collection looks through all modules and all tests
    gc.enable()
    atexit.register(gc.unfreeze)  # nanobind takes what lives until the end for a leak


@pytest.fixture(autouse=True)
def _seeded():
    """Networks that a test makes for itself have the same weights in every run."""
    torch.default_generator.manual_seed(0)  # `torch.manual_seed` writes down the stack for each kind of device


class Small(nn.Module):
    """Three convolutions with BatchNorm, ReLU called in three ways, and a head that has a CAM."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(12)
        self.conv3 = nn.Conv2d(12, 16, 3)
        self.bn3 = nn.BatchNorm2d(16)
        self.head = nn.Linear(16, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = self.bn3(self.conv3(x))
        x.relu_()
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Attentive(nn.Module):
    """A transformer of two blocks on a stem of a convolution, for pictures of any size; a class token comes first."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 4, stride=4, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.block1, self.block2 = (Block(16) for _ in range(2))
        self.head = nn.Linear(16, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.conv1(x))).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        return self.head(self.block2(self.block1(x))[:, 0])


class Block(nn.Module):
    """Attention and what follows it, each beside a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        nn.init.normal_(self.attention.in_proj_weight, std=width**-0.5)  # so that attention is not the same for all
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class Watched(nn.Module):
    """A network that shows a function each batch before it answers. (A copy of it shows the same function.)"""

    def __init__(self, network: nn.Module, watch) -> None:
        super().__init__()
        self.network, self.watch = network, watch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.watch(x)
        return self.network(x)


@cache
def _noise(size: tuple[int, int], channels: int, seed: int) -> torch.Tensor:
    return torch.rand((channels, *size), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _built(make, size: tuple[int, int], channels: int = 3, dtype: torch.dtype = torch.float32) -> nn.Module:
    """A network of fixed random weights, in eval mode.

    Its BatchNorms are fitted to noise: with the means of 0 and variances of 1 that they start with, signals die out on
    the way through a deep network, and with them every difference that a test could see.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(0)
        network = make().eval()
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.weight.uniform_(0.75, 1.25)
            norm.bias.normal_(0, 0.2)
            norm.momentum = 1.0
            norm.train()
        network(torch.randn(4, channels, *size))
    return network.eval().requires_grad_(False).to(dtype)  # so that float32 and float64 have the same weights


@pytest.fixture(scope="session")
def noise():
    """(size, channels=3, seed=0, dtype=float32) -> a picture of noise, (channels, *size) from 0 to 1."""

    def make(size, channels=3, seed=0, dtype=torch.float32):
        return _noise(size, channels, seed).to(dtype)

    return make


@pytest.fixture(scope="session")
def small():
    """(channels=3, classes=3, dtype=float32) -> the small network."""

    def make(channels=3, classes=3, dtype=torch.float32):
        return _built(lambda: Small(channels, classes), (24, 24), channels, dtype)

    return make


@pytest.fixture(scope="session")
def attentive():
    """(channels=3, classes=3, dtype=float32) -> the small transformer."""

    def make(channels=3, classes=3, dtype=torch.float32):
        return _built(lambda: Attentive(channels, classes), (24, 24), channels, dtype)

    return make


@pytest.fixture(scope="session")
def classify():
    """(network, size, ...) -> a classifier around it, on the CPU, that by default sees pixels as they are."""

    def make(network, size, *, classes=3, channels=3, mean=None, std=None, **more):
        mean, std = mean or (0.0,) * channels, std or (1.0,) * channels
        more.setdefault("output", "softmax" if classes > 1 else "sigmoid")
        labels = more.pop("labels", [f"class {index}" for index in range(classes)])
        classifier = Classifier(network, labels, size=size, mean=mean, std=std, device="cpu", **more)
        classifier.preparation()  # beforehand, so that only a method's own passes are counted
        return classifier

    return make


@pytest.fixture(scope="session")
def conv(small, classify):
    """The small network as a classifier of three classes: hooks, modes and noise bite on it."""
    return classify(small(), (29, 24), mean=MEAN, std=STD, name="conv")


@pytest.fixture(scope="session")
def conv64(small, classify):
    """The same in float64."""
    return classify(small(dtype=torch.float64), (29, 24), mean=MEAN, std=STD, name="conv64")


@pytest.fixture(scope="session")
def suited(attentive, classify):
    """(kind, classifier) -> the classifier or, for methods that read attention, one like it that has some."""

    @cache
    def choose(kind, given):
        if not kind.needs_attention:
            return given
        return classify(attentive(dtype=given.dtype), given.size, mean=given.mean, std=given.std, name=given.name)

    return choose


@pytest.fixture(scope="session")
def flat():
    """(size, channels=3, classes=3, dtype=float32) -> one linear layer on the pixels: every answer is known."""

    def make(size, channels=3, classes=3, dtype=torch.float32):
        inputs = channels * size[0] * size[1]
        return _built(lambda: nn.Sequential(nn.Flatten(), nn.Linear(inputs, classes)), size, channels, dtype)

    return make


@pytest.fixture(scope="session")
def linear(flat, classify):
    """The linear network as a classifier."""
    return classify(flat((5, 7)), (5, 7), mean=MEAN, std=STD, name="linear")


@pytest.fixture(scope="session")
def linear64(flat, classify):
    """The same in float64."""
    return classify(flat((5, 7), dtype=torch.float64), (5, 7), mean=MEAN, std=STD, name="linear64")


@pytest.fixture(scope="session")
def cheap():
    """(*experiments) -> settings of the Trust page, by which other experiments than those cost little time."""

    def make(*whole):
        return {
            f"{kind.slug()}-{name}": value
            for kind, settings in CHEAP.items()
            for name, value in settings.items()
            if kind not in whole
        }

    return make


@pytest.fixture(scope="session")
def narrow():
    """(make) -> the AlexNet or VGG that it makes, whose hidden linear layers, most of its weights, are 64 wide."""
    linear = nn.Linear

    def build(make):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nn, "Linear", lambda *sides: linear(*(64 if side == 4096 else side for side in sides)))
            return make()

    return build


class Real(NamedTuple):
    """A network as it was given, and the classifier around it."""

    network: nn.Module
    classifier: Classifier


@pytest.fixture(scope="session")
def real(narrow, classify):
    """(name, side, dtype=float32) -> torchvision's network of random weights with 10 classes, and its classifier.

    Those that can be had narrower are: they run the same layers in the same order. The last few are kept, so that tests
    which share one build it once.
    """
    stages = (24, 48, 3), (48, 96, 3), (96, 192, 9), (192, None, 3)
    options = {
        "convnext_tiny": {"block_setting": [CNBlockConfig(*stage) for stage in stages]},
        "densenet121": {"growth_rate": 8, "block_config": (6, 12, 24, 16), "num_init_features": 16},
        "googlenet": {"init_weights": False, "aux_logits": True},
        "inception_v3": {"init_weights": False},
        "mobilenet_v2": {"width_mult": 0.35},
    }
    classes = {"convnext_tiny": models.ConvNeXt, "densenet121": models.DenseNet}

    @lru_cache(maxsize=8)
    def build(name, side, dtype=torch.float32):
        make = partial(classes.get(name) or getattr(models, name), num_classes=10, **options.get(name, {}))
        size = (side, side)
        network = _built(partial(narrow, make) if name == "alexnet" else make, size, dtype=dtype)
        return Real(network, classify(network, size, classes=10, mean=MEAN, std=STD, name=name))

    return build


@pytest.fixture(scope="session")
def apart():
    """(map, reference) -> their relative L1 distance."""

    def distance(given, reference):
        given, reference = (torch.as_tensor(values).double() for values in (given, reference))
        return float((given - reference).abs().sum() / reference.abs().sum())

    return distance


@pytest.fixture(scope="session")
def watched():
    """(network, watch) -> the network, which calls `watch` with each batch before it answers."""
    return Watched


@pytest.fixture(scope="session")
def state():
    """(network) -> all of it that a method could leave changed, to compare."""

    def read(network):
        return [
            (
                name,
                module.training,
                [len(hooks) for key, hooks in sorted(vars(module).items()) if key.endswith("_hooks")],
                [(key, p.requires_grad, p.grad, p.data_ptr()) for key, p in module.named_parameters(recurse=False)],
                [tensor.clone().numpy().tobytes() for tensor in module.state_dict().values()],
            )
            for name, module in network.named_modules()
        ]

    return read


LONG = 120  # seconds: what has not come by then never will


class Job(threading.Thread):
    """A function in a thread of its own, which doesn't keep the process alive."""

    def __init__(self, function, name) -> None:
        super().__init__(name=name, daemon=True)
        self.function, self.result, self.error = function, None, None
        self.start()

    def run(self) -> None:
        try:
            self.result = self.function()
        except BaseException as error:
            self.error = error

    def get(self):
        """What the function returned; what it raised is raised."""
        self.join(LONG)
        assert not self.is_alive(), f"{self.name} waits for ever"
        if self.error is not None:
            raise self.error
        return self.result


@pytest.fixture(scope="session")
def job():
    """(function, name="job") -> it runs in a thread of its own; `.get()` is its result."""

    def start(function, name="job"):
        return Job(function, name)

    return start


class Asked:
    """Which threads have begun to wait for their turn, by name."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._news = threading.Condition()

    def note(self) -> None:
        with self._news:
            self.names.append(threading.current_thread().name)
            self._news.notify_all()

    def until(self, name: str) -> None:
        """Wait until a thread of that name waits."""
        with self._news:
            assert self._news.wait_for(lambda: name in self.names, LONG), f"{name} never asked"


@pytest.fixture
def asked(monkeypatch):
    """Who has begun to wait for a turn: `asked.until(name)`. Nobody waits for ever while this is in place."""
    asked = Asked()

    class Event(threading.Event):
        def wait(self, timeout):
            asked.note()
            assert super().wait(LONG), "a turn was lost"
            return True

    monkeypatch.setattr("explainers.runtime.turns.threading", SimpleNamespace(Lock=threading.Lock, Event=Event))
    return asked
