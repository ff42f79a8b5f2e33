"""Private copies: they share the weights and nothing else, and are what `copy.deepcopy` would make of it."""

import collections
import copy
import functools
import threading
import types
import weakref

import pytest
import torch
import torchvision
from torch import nn
from torch.nn.utils import prune

from explainers.errors import ExplanationError
from explainers.runtime.cloning import clone
from explainers.runtime.recording import compiled


def hooks(network):
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in network.modules() for kind in kinds)


def test_a_clone_shares_weights_but_not_buffers_which_a_pass_may_write_to(small):
    network = small()
    copy = clone(network)
    for mine, its in zip(copy.parameters(), network.parameters(), strict=True):
        assert mine.data_ptr() == its.data_ptr()
    for mine, its in zip(copy.buffers(), network.buffers(), strict=True):
        assert torch.equal(mine, its)
        assert mine.data_ptr() != its.data_ptr()


def test_a_clone_keeps_weights_that_are_tied_together_tied():
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[1].weight = network[0].weight
    copy = clone(network)
    assert copy[0].weight is copy[1].weight


def test_a_clone_has_hooks_modes_and_requirements_of_its_own(small):
    network = small().train().requires_grad_(True)
    copy = clone(network)
    assert not any(module.training for module in copy.modules())
    assert not any(parameter.requires_grad for parameter in copy.parameters())
    assert all(module.training for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())
    copy.conv1.register_forward_hook(print)
    assert (hooks(copy), hooks(network)) == (1, 0)
    copy.conv1 = nn.Identity()
    assert isinstance(network.conv1, nn.Conv2d)


def test_a_clone_answers_like_its_original(small, noise):
    network = small()
    assert clone(network)(noise((24, 24))[None]).equal(network(noise((24, 24))[None]))


def test_clones_of_clones_share_the_first_ones_weights(small):
    network = small()
    assert clone(clone(network)).head.weight.data_ptr() == network.head.weight.data_ptr()


# Clones against `copy.deepcopy`


class Shared(nn.Module):
    """A network whose modules know each other by ways that are no submodules."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.register_buffer("scale", torch.ones(4))
        self.first.scale = self.scale  # a buffer, by another name
        self.order = [self.second, self.first]
        self.by_name = {"first": self.first, "norms": (nn.LayerNorm(4),)}
        self.favourite = self.first.weight
        self.step = self.apply_second
        self.cast = functools.partial(torch.mul, self.scale)
        self.__dict__["hidden"] = nn.Linear(4, 4)  # a module that `modules` doesn't show
        self.first.__dict__["parent"] = self
        self.norms, self.register = {}, collections.OrderedDict()
        self.second.norms, self.counts = self.norms, collections.defaultdict(list)
        self.none, self.flags, self.text = None, {1, 2}, "a"

    def apply_second(self, x):
        return self.second(x)

    def forward(self, x):
        for layer in self.order:
            x = layer(x)
        self.counts["passes"].append(len(x))
        self.norms["first"] = x
        return self.hidden(self.cast(self.step(x) @ self.favourite)) + self.second.norms["first"]


class OfItsOwn(nn.Module):
    """A module that has its own idea of a copy."""

    def __init__(self):
        super().__init__()
        self.layer, self.copies = nn.Linear(4, 4), 0

    def __deepcopy__(self, memo):
        other = OfItsOwn()
        memo[id(self)] = other
        other.layer, other.copies = copy.deepcopy(self.layer, memo), self.copies + 1
        return other

    def forward(self, x):
        return self.layer(x)


def parametrized():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.Flatten())
    nn.utils.parametrizations.weight_norm(network[0])
    nn.utils.parametrizations.spectral_norm(network[2])
    return network


def hooked():
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[0].register_forward_hook(lambda module, args, output: output + 1)
    network[1].register_full_backward_hook(print)
    network[1].register_forward_pre_hook(network[0].extra_repr, with_kwargs=True)
    return network


def weights_in_lists():
    network = nn.ModuleDict({"a": nn.ParameterList([torch.ones(2), torch.zeros(2)]), "b": nn.ModuleList([nn.ReLU()])})
    network["c"] = nn.ParameterDict({"x": torch.ones(3)})
    return network


def vit():
    return torchvision.models.VisionTransformer(16, 8, 2, 2, 8, 16, num_classes=3)


def swin():
    return torchvision.models.SwinTransformer([2, 2], 8, [1, 2], [1, 2], [2, 2], num_classes=3)


NETWORKS = {
    "shared": Shared,
    "parametrized": parametrized,
    "of its own": OfItsOwn,
    "hooked": hooked,
    "lists": weights_in_lists,
    "attention": lambda: nn.TransformerEncoderLayer(8, 2, 8),
    "vit": vit,
    "swin": swin,
    **{
        name: functools.partial(getattr(torchvision.models, name), weights=None, num_classes=3)
        for name in ("resnet18", "densenet121", "mobilenet_v2")
    },
    "googlenet": functools.partial(torchvision.models.googlenet, weights=None, num_classes=3, init_weights=False),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


@functools.cache
def made(name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return NETWORKS[name]().train()


def weights(network):
    """The weights of all modules that a network holds, those too that `modules` doesn't show."""
    modules = [value for _, value, _ in pairs(network, network) if isinstance(value, nn.Module)]
    return [weight for module in modules for weight in module.parameters()]


def deepcopied(network):
    """The clone as it would be without haste."""
    shared = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in weights(network)}
    return copy.deepcopy(network, shared).eval()


def insides(value):
    """What a value is made of, by name."""
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return dict(enumerate(value))
    if isinstance(value, types.MethodType):
        return {"self": value.__self__, "function": value.__func__}
    if isinstance(value, functools.partial):
        return {"function": value.func, "args": value.args, "keywords": value.keywords}
    if isinstance(value, torch.Tensor | set | types.FunctionType | type) or value is None:
        return {}
    return dict(getattr(value, "__dict__", {}))


def pairs(one, other, path="", seen=None):
    """Every two values at the same place in two things, each two once, with that place."""
    seen = {} if seen is None else seen
    if (id(one), id(other)) not in seen:
        seen[id(one), id(other)] = one, other
        yield path, one, other
        mine, its = insides(one), insides(other)
        for key in mine:
            if key in its:
                yield from pairs(mine[key], its[key], f"{path}.{key}", seen)


THINGS = (nn.Module, dict, list, set, torch.Tensor, types.MethodType, functools.partial)  # that could be changed


@every_network
def test_a_clone_is_what_a_deep_copy_would_be_in_every_attribute(name):
    partners = {}
    for path, mine, its in pairs(clone(made(name)), deepcopied(made(name))):
        assert type(mine) is type(its), path
        assert list(insides(mine)) == list(insides(its)), path
        if isinstance(mine, torch.Tensor):
            assert torch.equal(mine, its), path
            assert mine.requires_grad == its.requires_grad, path
        elif not insides(mine) and not isinstance(mine, THINGS):
            assert mine == its, path
        if isinstance(mine, THINGS):
            partners.setdefault(id(mine), (set(), path))[0].add(id(its))
    # what is one thing in the one is one thing in the other, so that weights stay tied and caches common
    assert [path for others, path in partners.values() if len(others) > 1] == []
    assert len({other for others, _ in partners.values() for other in others}) == len(partners)


@every_network
def test_a_clone_has_nothing_in_common_with_its_original_but_weights(name):
    network = made(name)
    shared = {id(weight) for weight in weights(network)}
    for path, mine, its in pairs(clone(network), network):
        if id(its) in shared:
            assert mine.data_ptr() == its.data_ptr(), path
            assert not mine.requires_grad, path
            assert its.requires_grad, path
        elif isinstance(its, torch.Tensor):
            assert mine.data_ptr() != its.data_ptr() or not its.numel(), path
        elif isinstance(its, THINGS):
            assert mine is not its, path


@every_network
def test_a_clone_is_in_eval_mode_and_its_original_as_it_was(name):
    copied = clone(made(name))
    assert not any(module.training for module in copied.modules())
    assert all(module.training for module in made(name).modules())


@every_network
def test_hooks_are_the_clones_own_in_both_directions(name):
    network = made(name)
    copied = clone(network)
    before = hooks(network), hooks(copied)
    assert before[0] == before[1]
    for module in copied.modules():
        module.register_forward_hook(print)
        module.register_full_backward_hook(print)
    assert hooks(network) == before[0]
    copied = clone(network)
    handles = [module.register_forward_pre_hook(print) for module in network.modules()]
    assert hooks(copied) == before[0]
    for handle in handles:
        handle.remove()
    assert hooks(network) == before[0]


@pytest.mark.parametrize(
    "name", ["resnet18", "googlenet", "densenet121", "mobilenet_v2", "vit", "swin", "parametrized"]
)
def test_clones_of_many_kinds_answer_like_their_originals(noise, name):
    network, picture = made(name), noise((16, 16) if name == "vit" else (64, 64))[None]
    if name == "parametrized":
        network = nn.Sequential(network, nn.Flatten())
    network.eval()
    try:
        expected = network(picture)
    finally:
        network.train()
    assert torch.equal(clone(network)(picture), expected)


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "mobilenet_v2", "vit", "swin"])
def test_a_clone_of_ordinary_modules_is_made_in_haste(monkeypatch, name):
    def slow(value, memo=None):
        raise AssertionError(f"copied slowly: {value}")

    monkeypatch.setattr(copy, "deepcopy", slow)
    clone(made(name))


def test_what_a_clone_learns_on_its_way_stays_with_it():
    network = made("shared")
    copied = clone(network)
    assert copied(torch.ones(2, 4)).shape == (2, 4)
    assert copied.counts == {"passes": [2]}  # whatever made its empty lists still makes them
    assert (dict(network.counts), network.norms, network.second.norms) == ({}, {}, {})


def test_a_clone_of_a_module_compiled_in_place_is_an_ordinary_module(small):
    network = small()
    network.compile(backend="eager")  # needs no C++ compiler
    assert compiled(network)
    assert not compiled(clone(network))


def test_a_module_with_its_own_idea_of_a_copy_is_asked_for_it():
    copied = clone(nn.Sequential(made("of its own"), nn.ReLU()))
    assert copied[0].copies == 1
    assert copied[0].layer.weight.data_ptr() == made("of its own").layer.weight.data_ptr()


def test_a_module_with_its_own_idea_of_eval_mode_is_told_of_it():
    class Switching(nn.Linear):
        def train(self, mode=True):
            self.noisy = mode
            return super().train(mode)

    assert clone(nn.Sequential(Switching(2, 2).train()))[0].noisy is False


@pytest.mark.parametrize("method", ["__getstate__", "__setstate__"])
def test_a_module_with_its_own_idea_of_its_state_is_asked_for_it(method):
    class Guarded(nn.Linear):
        """It holds what can't be copied, or makes anew what it doesn't hold."""

    def without_its_lock(self):
        return {name: value for name, value in vars(self).items() if name != "lock"}

    def anew(self, state):
        nn.Module.__setstate__(self, state)
        self.lock = "new"

    setattr(Guarded, method, {"__getstate__": without_its_lock, "__setstate__": anew}[method])
    module = Guarded(2, 2)
    module.lock = threading.Lock() if method == "__getstate__" else "old"
    assert getattr(clone(nn.Sequential(module))[0], "lock", None) == (None if method == "__getstate__" else "new")


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_scripted_parts_are_cloned_too(small, noise):
    network = nn.Sequential(torch.jit.script(small()), nn.Identity())
    copied = clone(network)
    assert torch.equal(copied(noise((24, 24))[None]), network(noise((24, 24))[None]))
    assert copied[0] is not network[0]
    assert compiled(copied)


# Networks that `copy.deepcopy` can't copy, or copies in part


class Body(nn.Module):
    """A convolution and a BatchNorm that has seen pictures, and whatever a test adds to them."""

    def __init__(self, change=None, forward=None):
        super().__init__()
        self.conv, self.norm, self.forwards = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), forward
        nn.init.normal_(self.norm.running_mean)
        if change:
            change(self)

    def forward(self, x):
        return (self.forwards(self, x) if self.forwards else self.norm(self.conv(x)).relu()).mean((2, 3))


def answer(network, x):
    """What the network itself answers in eval mode, before any clone."""
    modes = [(module, module.training) for module in network.modules()]
    for module, _ in modes:
        module.training = False
    with torch.no_grad():
        result = network(x)
    for module, mode in modes:
        module.training = mode
    return result


def used(network):
    """The network as one training step leaves it."""
    network.train()
    network(torch.rand(2, 3, 8, 8))
    return network


def spectral(body):
    body.conv = nn.utils.spectral_norm(body.conv)


def weight_normed(body):
    body.conv = nn.utils.weight_norm(body.conv)


def keeping_its_grid(body, x):
    body.grid = body.norm(body.conv(x))
    return body.grid.relu()


def with_its_locks(body, x):
    with body.lock, body.again, body.again, body.news:
        return body.norm(body.conv(x))


def locked(body):
    body.lock, body.again, body.news = threading.Lock(), threading.RLock(), threading.Condition()


def with_an_open_file(body):
    body.log = open(__file__, encoding="utf-8")  # noqa: SIM115


def view_of_a_weight(body):
    body.first = body.conv.weight[:1]


UNCOPIABLE = {
    "weight_norm": lambda: Body(weight_normed),
    "spectral_norm": lambda: Body(spectral),
    "pruned": lambda: Body(lambda body: prune.l1_unstructured(body.conv, "weight", 0.5)),
    "pruned by a mask of channels": lambda: Body(lambda body: prune.ln_structured(body.conv, "weight", 2, 2, 0)),
    "an activation kept": lambda: Body(forward=keeping_its_grid),
    "locks": lambda: Body(locked, with_its_locks),
    "a generator": lambda: Body(lambda body: setattr(body, "numbers", (n for n in range(3)))),
    "a view of a weight": lambda: Body(view_of_a_weight),
    "an event and a queue": lambda: Body(lambda body: setattr(body, "news", (threading.Event(), threading.local()))),
}


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize("name", UNCOPIABLE)
def test_what_deepcopy_fails_at_is_cloned_all_the_same(name):
    network, x = used(UNCOPIABLE[name]()), torch.rand(1, 3, 8, 8)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises((TypeError, RuntimeError)):
        copy.deepcopy(network)
    copied = clone(clone(network))
    assert torch.equal(copied(x), answer(network, x))
    copied(x + 1)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_locks_of_a_clone_are_its_own():
    network = Body(locked, with_its_locks)
    copied = clone(network)
    with network.lock, network.again, copied.lock, copied.again, copied.news:  # the same ones would wait for ever
        assert copied.news.acquire(blocking=False)  # which is reentrant
        assert not copied.lock.acquire(blocking=False)


def test_an_open_file_is_shared():
    network = Body(with_an_open_file)
    with network.log:
        assert clone(network).log is network.log


def test_modules_whose_train_returns_nothing_are_cloned_in_eval_mode():
    class Silent(Body):
        def train(self, mode=True):
            super().train(mode)

    copied = clone(Silent())
    assert isinstance(copied, Silent)
    assert not any(module.training for module in copied.modules())


def test_weights_made_in_inference_mode_can_take_part_in_a_gradient():
    with torch.inference_mode():
        network = Body(lambda body: setattr(body, "mask", torch.ones(1)), lambda body, x: body.conv(x) * body.mask)
    x = torch.rand(1, 3, 8, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(clone(network)(x)[0, 0], x)
    assert gradient.abs().sum() > 0


def test_a_module_that_refuses_to_be_copied_is_refused_with_its_reason():
    class Proud(nn.Linear):
        def __deepcopy__(self, memo):
            raise TypeError("there is only one of me")

    with pytest.raises(ExplanationError, match=r"Proud can't be copied \(there is only one of me\), and maps are"):
        clone(nn.Sequential(Proud(2, 2)))


def test_a_clone_may_have_weights_of_its_own():
    network = Body()
    copied = clone(network, share_weights=False)
    assert torch.equal(copied.conv.weight, network.conv.weight)
    assert copied.conv.weight.data_ptr() != network.conv.weight.data_ptr()
    assert not any(weight.requires_grad for weight in copied.parameters())


# Functions that know the original


def by_a_closure(body):
    body.act = lambda x: body.norm(x).relu()


def by_a_default_argument(body):
    def act(x, norm=body.norm, *, after=body.after):
        return after(norm(x))

    body.act = act


def by_a_partial_function(body):
    body.act = functools.partial(lambda norm, x, then: then(norm(x)), body.norm, then=body.after)


def by_a_bound_method(body):
    after = body.after.forward
    body.norm.register_forward_hook(lambda module, inputs, output: after(output))
    body.act = body.norm.__call__


def by_a_list_around_it(body):
    steps = [body.norm, {"then": body.after}]
    body.act = lambda x: steps[1]["then"](steps[0](x))


def by_a_function_of_a_function(body):
    def act(x):
        return body.after(body.norm(x)) if x.ndim == 4 else act(x[None])

    body.act = functools.partial(lambda inner, x: inner(x), lambda x: act(x[0]))


def by_a_wrapped_forward(body):
    forward = body.norm.forward

    @functools.wraps(forward)
    def wrapper(x):
        return body.after(forward(x))

    body.norm.forward = wrapper
    body.act = body.norm


def by_a_weak_reference(body):
    norm = weakref.ref(body.norm)
    body.act = lambda x: body.after(norm()(x))


def by_a_weak_proxy(body):
    norm = weakref.proxy(body.norm)
    body.act = lambda x: body.after(norm(x))


def by_an_object(body):
    class Step:
        def __init__(self, norm):
            self.norm, self.after = norm, lambda x: body.after(x)

        def __call__(self, x):
            return self.after(self.norm(x))

    body.act = Step(body.norm)


WAYS = [value for name, value in list(globals().items()) if name.startswith("by_a")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_functions_that_know_the_original_know_the_copy_in_a_clone(way):
    def change(body):
        body.after = nn.ReLU()
        way(body)

    network, x = Body(change, lambda body, x: body.act(body.conv(x))), torch.rand(2, 3, 8, 8)
    expected = answer(network, x)
    network.train()
    before, ran = network.norm.running_mean.clone(), []
    copied = clone(clone(network))
    for part in (network, copied):
        for module in (part.norm, part.after):
            module.register_forward_pre_hook(lambda module, inputs: ran.append(module))
    assert torch.equal(copied(x), expected)  # in training mode, BatchNorm would give something else
    assert torch.equal(network.norm.running_mean, before)
    assert copied.norm in ran
    assert not {network.norm, network.after} & set(ran)


def test_a_forward_pass_that_is_wrapped_runs_the_clones_modules():
    network = Body()
    forward = network.forward
    network.forward = lambda x: 2 * forward(x)
    x = torch.rand(2, 3, 8, 8)
    expected, before = answer(network, x), network.norm.running_mean.clone()
    network.train()
    assert torch.equal(clone(network)(x), expected)
    assert torch.equal(network.norm.running_mean, before)


def test_a_module_that_a_function_alone_knows_is_cloned_too():
    norm = nn.BatchNorm2d(4)  # nobody's submodule
    copied = clone(Body(lambda body: setattr(body, "act", lambda x: norm(x)), lambda body, x: body.act(body.conv(x))))
    copied(torch.rand(2, 3, 8, 8))
    assert int(norm.num_batches_tracked) == 0


def test_functions_that_know_no_module_are_shared():
    seen = []
    network = Body(lambda body: body.register_forward_hook(lambda module, inputs, output: seen.append(output)))
    clone(network)(torch.rand(1, 3, 8, 8))
    assert len(seen) == 1  # what is around the network belongs to the program
    assert clone(network)._forward_hooks == network._forward_hooks


def test_a_function_keeps_its_name_and_its_empty_variables():
    def change(body):
        def act(x):
            """Norm, then nothing."""
            return body.norm(x) if x is not None else later

        act.note = {"norm": body.norm}
        body.act = act
        if body is None:
            later = 1

    network = Body(change)
    copied = clone(network)
    assert (copied.act.__name__, copied.act.__doc__) == ("act", "Norm, then nothing.")
    assert copied.act.note["norm"] is copied.norm
