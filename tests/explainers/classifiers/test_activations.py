"""Activations are counted however they are written, and nothing else is taken for one."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.classifiers.activations import activations, unreached_rectifications


class Beside(nn.Module):
    """A convolution, the function in question, and a ReLU after another convolution."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x):
        return F.relu(self.conv2(self.function(self.conv1(x)))).mean((2, 3))


class OwnReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return F.relu(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * (ctx.saved_tensors[0] > 0)


class OwnClamp(OwnReLU):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)


class OwnReLU6(OwnReLU):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        x = x.clone()
        x[x < 0] = 0
        x[x > 0.2] = 0.2
        return x


HIDDEN = {  # rectifications that are no calls which a rule could replace
    "own function with F.relu": OwnReLU.apply,
    "own function with clamp": OwnClamp.apply,
    "own function in place": OwnReLU6.apply,
    "half of x + |x|": lambda x: (x + x.abs()) / 2,
    "without the negative part": lambda x: x - x.clamp(max=0),
    "minimum of the negative": lambda x: -torch.minimum(-x, torch.zeros_like(x)),
    "vmap": torch.vmap(torch.relu),
    "at an output of chunk": lambda x: torch.cat([OwnReLU.apply(part) for part in x.chunk(1, 1)], 1),
}


@pytest.mark.parametrize("form", HIDDEN)
def test_a_rectification_that_is_no_call_is_counted(noise, form):
    counted = activations(Beside(HIDDEN[form]), noise((8, 8))[None])
    assert (counted.relus, counted.others, counted.unreached) == (1, {}, 1)


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_rectifications_of_a_scripted_function_are_counted_each(noise):
    @torch.jit.script
    def scripted(x, kernel):
        x = torch.relu(x)
        return torch.clamp(torch.conv2d(x, kernel), 0.0, 0.1)

    kernel = torch.randn(4, 4, 1, 1)
    counted = activations(Beside(lambda x: scripted(x, kernel)), noise((8, 8))[None])
    assert (counted.relus, counted.others, counted.unreached) == (1, {}, 2)


def test_a_copy_of_a_rectified_tensor_is_no_other_rectification(noise):
    def copied(x):
        y = OwnReLU.apply(x)
        return (y.clone() + y.contiguous()).flatten(2).view_as(y) / 2

    assert activations(Beside(copied), noise((8, 8))[None]).unreached == 1


NONE = {  # what shares a function's name with a ReLU, or drops values by another rule
    "clamp above 0": lambda x: x.clamp(min=1e-3),
    "clamp on both sides": lambda x: x.clamp(-0.1, 0.1),
    "clamp of a variance": lambda x: x / x.var((2, 3), keepdim=True).clamp_min(1e-5).sqrt(),
    "norm": F.normalize,
    "softmax": lambda x: x.softmax(1),
    "triangular mask": lambda x: torch.where(torch.ones(6, 6).triu().bool(), x, 0),
    "masked attention": lambda x: (x @ x.mT).masked_fill(torch.ones(6, 6).triu(1).bool(), -1e9).softmax(-1) @ x,
    "mask of another tensor": lambda x: x * (x.roll(1, 1) > 0),
    "mask above 0.1": lambda x: torch.where(x > 0.1, x, 0),
    "pooling": lambda x: F.max_pool2d(x, 3, 1, 1),
    "maximum of two": lambda x: torch.maximum(x, x.flip(1)),
    "maximum with a slope": lambda x: torch.maximum(x, 0.1 * x),
    "absolute value": lambda x: x.abs(),
    "index": lambda x: x[:, torch.arange(-2, 4).clamp(min=0)[2:]],
    "of the weights": lambda x: F.conv2d(x, torch.linspace(-1, 1, 16).view(4, 4, 1, 1).relu()),
}


@pytest.mark.parametrize("form", NONE)
def test_what_is_no_rectification_is_not_counted(noise, form):
    counted = activations(Beside(NONE[form]), noise((8, 8))[None])
    assert (counted.relus, counted.others, counted.unreached) == (1, {}, 0)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (F.logsigmoid, "log_sigmoid"),
        (nn.Threshold(0.1, 0), "threshold"),
        (F.gelu, "gelu"),
        (F.leaky_relu, "leaky_relu"),
    ],
)
def test_other_activations_are_counted_by_their_names(noise, function, name):
    assert activations(Beside(function), noise((8, 8))[None]).others == {name: 1}


def test_an_activation_of_the_weights_is_none_of_the_network(noise):
    class Positive(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 3, 1, 1), requires_grad=False)

        def forward(self, x):
            return F.conv2d(x, F.softplus(self.weight)).mean((2, 3))

    counted = activations(Positive(), noise((8, 8))[None])
    assert (counted.relus, counted.others, counted.unreached) == (0, {}, 0)


def test_the_picture_may_be_worked_on_in_place(noise):
    class Centred(nn.Module):
        def forward(self, x):
            return x.sub_(0.5).relu_().mean((2, 3))

    picture = noise((4, 4))[None]
    before = picture.clone()
    assert activations(Centred(), picture).relus == 1
    assert torch.equal(picture, before)


def test_one_is_said_in_the_singular():
    assert unreached_rectifications(1) == "at least 1 ReLU is written in a way that the rule can't reach"
    assert unreached_rectifications(3) == "at least 3 ReLUs are written in a way that the rule can't reach"
