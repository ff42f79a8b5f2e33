"""The contenders of the benchmark: Whypixel and its peers, each called as its own users call it.

Each contender gets the same network, picture and class, and normalises the picture itself. The peers get the network as
torchvision builds it; Whypixel makes a classifier of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from importlib.util import find_spec

import captum.attr
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.transforms.functional import normalize, pil_to_tensor

from explainers import Classifier, Explainer, Target, View, load_classifier, read_image
from explainers.classifiers.catalogue import find
from explainers.classifiers.with_torchvision import torchvision_recipe
from explainers.images.samples import SAMPLES
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.passes import chunk_size
from explainers.paths.quadrature import quadrature
from explainers.runtime.allocator import hold_freed_memory

SIZE, MEAN, STD = (224, 224), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
VIEW = View(256)
LAYERS = {"resnet18": "layer4", "resnet50": "layer4", "mobilenet_v2": "features"}  # Whypixel's choice for Grad-CAM
CAPTUM_BATCHES = (2, 4, 8, 16)  # the internal batch sizes that Captum is tried with
MEMORY_OF_PEERS = {"block": 32 * 2**20, "top": 64 * 2**20}  # what glibc's bounds, which adapt, come to

Call = Callable[[], Tensor]


@dataclass(frozen=True)
class Subject:
    """One network, one picture and one class to explain.

    name:    torchvision's name of the architecture.
    network: the network as torchvision builds it, in eval mode.
    picture: (3, 224, 224) in pixel units, from 0 to 1.
    index:   the class to explain, which is the likeliest.
    """

    name: str
    network: nn.Module
    picture: Tensor
    index: int

    @cached_property
    def classifier(self) -> Classifier:
        """Whypixel's classifier of the network, on the CPU."""
        labels = torchvision_recipe(self.name).labels
        return Classifier(self.network, labels, size=SIZE, mean=MEAN, std=STD, view=VIEW, device="cpu", name=self.name)

    def double(self) -> Subject:
        """Return the subject in float64. This converts the network itself."""
        return replace(self, network=self.network.double(), picture=self.picture.double())

    def normalised(self, picture: Tensor) -> Tensor:
        """Normalise a picture (3, 224, 224) for the network: (1, 3, 224, 224), which requires a gradient."""
        normalised: Tensor = normalize(picture, MEAN, STD)[None].requires_grad_()
        return normalised


def load(name: str, *, real: bool = False) -> Subject:
    """Load the network called `name` with random or real weights, and a sample photo with its likeliest class."""
    network = _random(name)
    if real:
        network.load_state_dict(load_classifier(name, device="cpu").network.state_dict())
    photo = read_image(SAMPLES[0].data)
    picture = pil_to_tensor(VIEW.apply(photo, SIZE)[0]) / 255
    with torch.no_grad():
        return Subject(name, network, picture, int(network(normalize(picture, MEAN, STD)[None]).argmax()))


def at_hand(name: str) -> bool:
    """Whether real weights of that architecture are on this machine."""
    return find(name).origin != "download"


def _random(name: str) -> nn.Module:
    """Build a network with random weights, always the same.

    Its BatchNorm layers are fitted to noise; without that, the signals of MobileNetV2 vanish.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        network: nn.Module = models.get_model(name)
        for module in network.modules():
            module.train(isinstance(module, nn.BatchNorm2d))
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        network(torch.randn(4, 3, *SIZE))
    return network.eval()


def explained(method: Explainer, subject: Subject) -> Call:
    """Make Whypixel's call. A classifier finds its layers only once, so that isn't part of the call."""
    classifier, target = subject.classifier, Target(subject.index)
    classifier.layers()
    return lambda: torch.from_numpy(method(classifier, subject.picture, target).values)


def bare_loop(alphas: list[float], subject: Subject) -> Call:
    """Make the call that does nothing but compute gradients at these points of the path from black.

    It uses Whypixel's chunks and prepared network, so Whypixel can hardly be faster.
    """
    classifier, index = subject.classifier, subject.index
    points = torch.tensor(alphas).view(-1, 1, 1, 1) * subject.picture
    chunks = [classifier.normalise(chunk).requires_grad_() for chunk in torch.split(points, chunk_size(classifier))]

    def call() -> Tensor:
        for chunk in chunks:
            (gradient,) = torch.autograd.grad(classifier.prepared(chunk)[:, index].sum(), chunk)
        return gradient

    return call


def captum_gradient(subject: Subject) -> Call:
    def call() -> Tensor:
        attributions: Tensor = captum.attr.Saliency(subject.network).attribute(
            subject.normalised(subject.picture), target=subject.index, abs=False
        )
        return attributions[0] / torch.tensor(STD).view(3, 1, 1)  # per pixel unit

    return call


def captum_integrated(batch: int | None, subject: Subject) -> Call:
    """Make the call of Captum's Integrated Gradients with its default 50 steps of Gauss-Legendre.

    batch: its internal batch size; None is its default.
    """

    def call() -> Tensor:
        picture, black = subject.normalised(subject.picture), subject.normalised(torch.zeros_like(subject.picture))
        attributions: Tensor = captum.attr.IntegratedGradients(subject.network).attribute(
            picture, black, target=subject.index, internal_batch_size=batch
        )
        return attributions[0].detach()

    return call


def captum_cam(subject: Subject) -> Call:
    layer = subject.network.get_submodule(LAYERS[subject.name])

    def call() -> Tensor:
        attributions: Tensor = captum.attr.LayerGradCam(subject.network, layer).attribute(
            subject.normalised(subject.picture), target=subject.index, relu_attributions=True
        )
        return attributions[0].detach()

    return call


def torchcam_cam(subject: Subject) -> Call:
    methods = import_module("torchcam.methods")

    def call() -> Tensor:
        with methods.GradCAM(subject.network, LAYERS[subject.name]) as cam:
            scores = subject.network(subject.normalised(subject.picture))
            maps: list[Tensor] = cam(subject.index, scores, normalized=False)
        return maps[0]

    return call


def grad_cam(subject: Subject) -> Call:
    """Make the call of grad-cam, whose maps are scaled to the picture's size, and to values from 0 to 1."""
    package, targets = import_module("pytorch_grad_cam"), import_module("pytorch_grad_cam.utils.model_targets")
    layer = subject.network.get_submodule(LAYERS[subject.name])

    def call() -> Tensor:
        with package.GradCAM(subject.network, [layer]) as cam:
            output_targets = [targets.ClassifierOutputTarget(subject.index)]
            return torch.from_numpy(cam(subject.normalised(subject.picture).detach(), output_targets))

    return call


@dataclass(frozen=True)
class Contender:
    """One way to compute a map.

    make:    returns the call that is measured, for a subject.
    package: the package that must be installed.
    """

    name: str
    make: Callable[[Subject], Call]
    package: str = "captum"

    @property
    def installed(self) -> bool:
        return find_spec(self.package) is not None

    def ready(self, subject: Subject) -> Call:
        """Return the call with the memory allocator set as its users have it."""
        call = self.make(subject)
        bounds = {} if self.name in (OURS, BARE_LOOP) else MEMORY_OF_PEERS

        def measured() -> Tensor:
            hold_freed_memory(**bounds)
            return call()

        return measured


def integrated(steps: int) -> Callable[[Subject], Call]:
    """Return a maker of Whypixel's Integrated Gradients on the points that Captum takes for as many steps."""
    return partial(explained, IntegratedGradients(steps=steps, rule="gauss-legendre"))


GRADIENT, CAM, INTEGRATED = "gradient", "Grad-CAM", "IG, 50 steps"
OURS, BARE_LOOP, CAPTUM_DEFAULT, CAPTUM_BATCHED = "Whypixel", "bare loop", "Captum, default", "Captum, internal batch"
CONTENDERS = {
    GRADIENT: (
        Contender(OURS, partial(explained, Saliency())),
        Contender(BARE_LOOP, partial(bare_loop, [1.0])),
        Contender("Captum", captum_gradient),
    ),
    CAM: (
        Contender(OURS, partial(explained, GradCAM())),
        Contender("Captum", captum_cam),
        Contender("torchcam", torchcam_cam, "torchcam"),
        Contender("grad-cam", grad_cam, "pytorch_grad_cam"),
    ),
    INTEGRATED: (
        Contender(OURS, integrated(50)),
        Contender(BARE_LOOP, partial(bare_loop, [0.0, *quadrature("gauss-legendre", 50)[0], 1.0])),
        Contender(CAPTUM_DEFAULT, partial(captum_integrated, None)),
        *(Contender(f"{CAPTUM_BATCHED} {batch}", partial(captum_integrated, batch)) for batch in CAPTUM_BATCHES),
    ),
}
