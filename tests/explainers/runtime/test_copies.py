"""Copies that are used again are what a new clone would be, whatever has happened to them and to the network."""

import gc
import threading
import time
import weakref
from functools import partial

import pytest
import torch
from torch import nn

from explainers.runtime import copies as module
from explainers.runtime.copies import Copies


class Net(nn.Module):
    """A network with something of every kind in it."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2)
        self.seen, self.table, self.flags, self.scale = [], {"a": 1}, {"x"}, 1.0
        self.order, self.plain = [self.norm, (self.head,)], torch.ones(4)
        self.step, self.made = self.norm.forward, partial(nn.LayerNorm, eps=1e-6)
        self.head.__dict__["parent"] = weakref.ref(self)
        self.act = torch.relu

    def forward(self, x):
        return self.head(self.act(self.norm(self.conv(x))).mean((2, 3)) * self.plain * self.scale)


@pytest.fixture
def copies():
    return Copies(Net().eval().requires_grad_(False))


def used_again(copies, change=lambda network: None):
    """Whether the next caller gets the copy that one has changed."""
    copy = copies.take()
    change(copy.network)
    copies.give_back(copy)
    return copies.take() is copy


def hook_and_leave(network):
    x = torch.rand(1, 3, 6, 6)
    handles = [network.conv.register_forward_hook(lambda *_: None), network.head.register_forward_pre_hook(print)]
    handles[1].remove()
    network(x)
    handles[0].remove()


def write_buffers(network):
    network.norm.running_mean.fill_(7)
    network.plain.mul_(3)


@pytest.mark.parametrize(
    "change", [lambda network: None, hook_and_leave, write_buffers], ids=["nothing", "hooks that are gone", "buffers"]
)
def test_a_copy_is_used_again_with_the_numbers_of_the_network(copies, change):
    expected = copies.take().network(torch.ones(1, 3, 6, 6))
    assert used_again(copies, change)
    copy = copies.take()
    change(copy.network)
    copies.give_back(copy)
    assert copies.take().network(torch.ones(1, 3, 6, 6)).equal(expected)


def swap_data(network):
    network.conv.weight.data = network.conv.weight.data * 2


def keep_gradient(network):
    network.conv.weight.grad = torch.ones_like(network.conv.weight)


def resize(network):
    network.plain.resize_(2)


class OtherNorm(nn.BatchNorm2d):
    pass


CHANGES = {
    "hook": lambda network: network.conv.register_forward_hook(print),
    "hook of a gradient": lambda network: network.head.register_full_backward_hook(print),
    "attribute": lambda network: setattr(network, "scale", 2.0),
    "new attribute": lambda network: setattr(network.conv, "grid", torch.ones(1)),
    "lost attribute": lambda network: delattr(network, "scale"),
    "list": lambda network: network.seen.append(1),
    "list in order": lambda network: network.order.reverse(),
    "table": lambda network: network.table.update(a=2),
    "set": lambda network: network.flags.add("y"),
    "module": lambda network: setattr(network, "norm", nn.Identity()),
    "method": lambda network: setattr(network.norm, "forward", torch.relu),
    "class": lambda network: setattr(network.norm, "__class__", OtherNorm),
    "mode": lambda network: network.norm.train(),
    "gradients": lambda network: network.requires_grad_(True),
    "gradient kept": keep_gradient,
    "weight": lambda network: setattr(network.conv, "weight", nn.Parameter(network.conv.weight * 2)),
    "data": swap_data,
    "size": resize,
    "buffer": lambda network: network.norm.register_buffer("running_mean", torch.ones(4)),
    "attribute of a weight": lambda network: setattr(network.conv.weight, "note", 1),
    "keywords": lambda network: network.made.keywords.update(eps=1),
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@every_change
def test_a_copy_in_which_anything_changed_is_not_used_again(copies, change):
    assert not used_again(copies, change)


@every_change
def test_no_copy_is_used_again_after_the_network_changed(copies, change):
    copy = copies.take()
    copies.give_back(copy)
    change(copies.original)
    assert copies.take() is not copy


def train(network):
    with torch.no_grad():
        for weight in (*network.parameters(), network.norm.running_var, network.plain):
            weight.add_(1)


def train_data(network):
    for weight in (*network.parameters(), network.norm.running_var, network.plain):
        weight.data.mul_(2)


@pytest.mark.parametrize("change", [train, train_data], ids=["in place", "through .data"])
def test_a_copy_follows_weights_and_buffers_that_are_trained_on(copies, change):
    x, copy = torch.ones(1, 3, 6, 6), copies.take()
    copies.give_back(copy)
    change(copies.original)
    again = copies.take()
    assert again is copy
    assert again.network(x).equal(copies.original(x))


class Counter:
    """An object whose inside nobody knows."""

    count = 0


def of_another_layout(network):
    network.sparse = torch.eye(2).to_sparse()


def knowing_a_module(network):
    network.act = lambda x: network.norm(x)


OPAQUE = {
    "object": lambda network: setattr(network, "counter", Counter()),
    "lock": lambda network: setattr(network, "lock", threading.Lock()),
    "generator": lambda network: setattr(network, "draws", torch.Generator()),
    "iterator": lambda network: setattr(network, "numbers", iter([1, 2, 3])),
    "function that knows a module": knowing_a_module,
    "sparse tensor": of_another_layout,
    "parametrised": lambda network: nn.utils.parametrizations.weight_norm(network.conv),
}


@pytest.mark.parametrize("add", OPAQUE.values(), ids=OPAQUE)
def test_a_network_that_cannot_be_compared_is_copied_anew(add):
    network = Net().eval()
    add(network)
    assert not used_again(Copies(network))


def test_nobody_gets_a_copy_that_another_has(copies, job):
    start, held, twice = threading.Barrier(4), set(), []

    def work():
        start.wait()
        for _ in range(50):
            copy = copies.take()
            twice.extend([copy] * (copy in held))
            held.add(copy)
            time.sleep(0)  # lets another thread take one
            held.remove(copy)
            copies.give_back(copy)

    for done in [job(work) for _ in range(4)]:
        done.get()
    assert not twice


def test_few_are_kept_and_none_of_large_buffers(copies, monkeypatch):
    taken = [copies.take() for _ in range(3 * module.MAX_KEPT)]
    for copy in taken:
        copies.give_back(copy)
    assert sum(copies.take() in taken for _ in taken) == module.MAX_KEPT
    monkeypatch.setattr(module, "MAX_KEPT_BYTES", 10)
    assert not used_again(copies)


def test_dropped_copies_are_not_used_again(copies):
    copy = copies.take()
    copies.give_back(copy)
    copies.drop()
    assert copies.take() is not copy
    assert used_again(copies)


def test_they_go_with_the_network():
    copies = Copies(Net().eval())
    copies.give_back(copies.take())
    gone = weakref.ref(copies.original)
    del copies
    gc.collect()
    assert gone() is None


def test_one_made_in_inference_mode_can_take_part_in_a_gradient(copies):
    with torch.inference_mode():
        copies.give_back(copies.take())
    x = torch.rand(1, 3, 6, 6, requires_grad=True)
    assert torch.autograd.grad(copies.take().network(x).sum(), x)[0].any()
