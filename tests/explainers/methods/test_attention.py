"""Attention rollout and relevance against attention written out by hand, in float64; and where they are refused."""

from functools import cache, partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from explainers import AttentionRelevance, AttentionRollout, ExplanationError, Saliency, Target
from explainers.methods.attention import _AttentionRecorder
from explainers.passes import Passes

METHODS = [AttentionRollout(), AttentionRelevance()]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)


class Fused(nn.MultiheadAttention):
    """The same attention, by the fused function."""

    def forward(self, x, *rest, **more):
        heads = partial(torch.Tensor.unflatten, dim=-1, sizes=(self.num_heads, -1))
        q, k, v = (heads(each).transpose(1, 2) for each in self.projected(x))
        return self.out_proj(self.read(q, k, v).transpose(1, 2).flatten(2)), None

    def projected(self, x):
        return F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)

    def read(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, value=v)


class Written(Fused):
    """The same, written out."""

    def read(self, q, k, v):
        return (q @ k.transpose(2, 3) / q.shape[3] ** 0.5).softmax(-1) @ v


class WithWeights(nn.MultiheadAttention):
    """The module, asked for its weights, which somebody else wants to see."""

    def forward(self, *given, **more):
        return super().forward(*given, need_weights=True)


FORMS = [nn.MultiheadAttention, WithWeights, Fused, Written]
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)


@pytest.fixture(scope="module")
def transformer():
    """(form=nn.MultiheadAttention, size=32, dtype=float64) -> torchvision's, of three layers and four heads.

    Tests share it, so none may change it.
    """

    @cache
    def make(form=nn.MultiheadAttention, size=32, dtype=torch.float64):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = models.VisionTransformer(size, 8, 3, 4, 24, 16, num_classes=3)
            nn.init.normal_(network.heads.head.weight)  # which begins as zero
            for block in network.encoder.layers:
                nn.init.normal_(block.self_attention.in_proj_weight, std=0.4)  # so that attention isn't even
                nn.init.normal_(block.self_attention.in_proj_bias)
                block.self_attention.__class__ = form
        return network.eval().requires_grad_(False).to(dtype)

    return make


@pytest.fixture(scope="module")
def around(classify):
    """(network) -> the classifier of it that tests share."""
    return cache(lambda network: classify(network, (32, 32)))


def by_hand(network, picture):
    """torchvision's forward pass with its attention written out head by head: the logits, and (T, T) per layer, head.

    The heads' weights are part of the graph.
    """
    tokens = network.conv_proj(picture[None]).flatten(2)[0].T
    tokens = torch.cat([network.class_token[0], tokens]) + network.encoder.pos_embedding[0]
    tokens, layers = tokens.requires_grad_(), []
    for block in network.encoder.layers:
        attention, x = block.self_attention, block.ln_1(tokens)
        width = tokens.shape[1] // attention.num_heads
        heads, read = [], []
        for head in range(attention.num_heads):
            q, k, v = (
                x @ weight[head * width : (head + 1) * width].T + bias[head * width : (head + 1) * width]
                for weight, bias in zip(attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3), strict=True)
            )
            scores = q @ k.T / width**0.5
            weights = scores.exp() / scores.exp().sum(1, keepdim=True)
            heads.append(weights)
            read.append(weights @ v)
        tokens = tokens + torch.cat(read, 1) @ attention.out_proj.weight.T + attention.out_proj.bias
        tokens = tokens + block.mlp(block.ln_2(tokens))
        layers.append(heads)
    return network.heads(network.encoder.ln(tokens)[:1])[0], layers


def rollout(layers, residual=0.5):
    """Abnar and Zuidema 2020: (T, T)."""
    flow = identity = torch.eye(len(layers[0][0]), dtype=torch.float64)
    for heads in layers:
        flow = (residual * identity + (1 - residual) * sum(heads) / len(heads)) @ flow
    return flow.detach()


def relevance(layers, score):
    """Chefer et al. 2021, rules 5 and 6: (T, T)."""
    flow = torch.eye(len(layers[0][0]), dtype=torch.float64)
    for heads in layers:
        slopes = torch.autograd.grad(score, heads, retain_graph=True)
        mixed = sum((weights * slope).clamp(min=0) for weights, slope in zip(heads, slopes, strict=True)) / len(heads)
        flow = flow + mixed @ flow
    return flow.detach()


def exact(method, classifier, picture, target):
    """The values before they are rounded to float32, and the score."""
    with Passes(classifier, [target], fused=method.uses_fused(classifier)) as passes:
        found = method.attribute(passes, picture[None])
    return found.values[0], float(passes.answers[0, passes.column])


def of_score(logits, target):
    answers = logits if target.scale == "logit" else logits.softmax(0)
    return answers[target.index] - (0 if target.versus is None else answers[target.versus])


@every_form
@pytest.mark.parametrize("residual", [0.0, 0.5, 0.8])
def test_rollout_is_its_formula_on_attention_written_out(transformer, around, noise, apart, form, residual):
    network, picture = transformer(form), noise((32, 32), dtype=torch.float64)
    logits, layers = by_hand(network, picture)
    values, score = exact(AttentionRollout(residual=residual), around(network), picture, Target(1))
    assert score == pytest.approx(float(logits[1].detach()), rel=1e-12)
    assert values.shape == (1, 4, 4)
    assert apart(values, rollout(layers, residual)[0, 1:].view(1, 4, 4)) < 1e-12


@every_form
@pytest.mark.parametrize("target", [Target(0), Target(2), Target(1, versus=2), Target(0, scale="probability")], ids=str)
def test_relevance_is_its_formula_on_attention_written_out(transformer, around, noise, apart, form, target):
    network, picture = transformer(form), noise((32, 32), dtype=torch.float64)
    logits, layers = by_hand(network, picture)
    expected = of_score(logits, target)
    values, score = exact(AttentionRelevance(), around(network), picture, target)
    assert score == pytest.approx(float(expected.detach()), rel=1e-12)
    assert apart(values, relevance(layers, expected)[0, 1:].view(1, 4, 4)) < 1e-12


def test_rollout_adds_up_to_one_with_the_class_tokens_own_share(transformer, around, noise):
    network, picture = transformer(), noise((32, 32), dtype=torch.float64)
    own = float(rollout(by_hand(network, picture)[1])[0, 0])
    assert float(AttentionRollout()(around(network), picture, Target(0)).values.sum()) == pytest.approx(1 - own)


def test_rollout_is_the_same_for_every_class_and_relevance_is_not(transformer, around, noise, apart):
    classifier, picture = around(transformer()), noise((32, 32), dtype=torch.float64)
    one, other = (AttentionRollout()(classifier, picture, Target(index)).values for index in (0, 1))
    assert (one == other).all()
    one, other = (AttentionRelevance()(classifier, picture, Target(index)).values for index in (0, 1))
    assert apart(one, other) > 0.1


@every_method
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_reading_attention_changes_no_number(transformer, around, noise, method, dtype):
    classifier, picture = around(transformer(dtype=dtype)), noise((32, 32), dtype=dtype)
    assert method(classifier, picture, Target(1)).score == Saliency()(classifier, picture, Target(1)).score


class Averaging(nn.Module):
    """A transformer of one layer without a class token, on a grid that is not square."""

    def __init__(self):
        super().__init__()
        self.patches, self.read, self.head = nn.Conv2d(3, 8, 4, 4), Fused(8, 2), nn.Linear(8, 3)

    def forward(self, pictures):
        tokens = self.patches(pictures).flatten(2).transpose(1, 2)
        return self.head(self.norm(tokens + self.read(tokens)[0]).mean(1))

    def norm(self, tokens):
        return F.layer_norm(tokens, tokens.shape[2:])


@pytest.fixture
def averaging():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Averaging().eval().requires_grad_(False).double()


@every_method
def test_without_a_class_token_the_average_of_the_patches_is_read(averaging, classify, noise, apart, method):
    picture = noise((12, 20), dtype=torch.float64)
    tokens = averaging.patches(picture[None]).flatten(2).transpose(1, 2).requires_grad_()
    q, k, v = (each.unflatten(2, (2, -1)).transpose(1, 2) for each in averaging.read.projected(tokens))
    weights = (q @ k.transpose(2, 3) / 2).softmax(-1)
    read = averaging.read.out_proj((weights @ v).transpose(1, 2).flatten(2))
    logit = averaging.head(averaging.norm(tokens + read).mean(1))[0, 1]
    heads = [*weights[0]]
    if isinstance(method, AttentionRollout):
        flow = rollout([heads])
    else:
        (slope,) = torch.autograd.grad(logit, weights)
        flow = (weights * slope)[0].clamp(min=0).mean(0)
    values, _ = exact(method, classify(averaging, (12, 20)), picture, Target(1))
    assert apart(values, flow.detach().mean(0).view(1, 3, 5)) < 1e-12


class Placed(nn.Module):
    """Two layers of attention on tokens among which those of no cell stand where `before` and `after` say.

    The answer is read from the tokens in `read`, counted from 0, on average; from all of them if it is None.
    """

    def __init__(self, before, after, read):
        super().__init__()
        self.before, self.after, self.read_tokens = before, after, read
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.extra = nn.Parameter(torch.randn(1, before + after, 8))
        self.layers = nn.ModuleList(Fused(8, 2) for _ in range(2))
        self.head = nn.Linear(8, 3)

    def tokens(self, pictures):
        cells, extra = self.patches(pictures).flatten(2).transpose(1, 2), self.extra.expand(len(pictures), -1, -1)
        return torch.cat([extra[:, : self.before], cells, extra[:, self.before :]], 1)

    def forward(self, pictures):
        tokens = self.tokens(pictures)
        for layer in self.layers:
            tokens = tokens + layer(tokens)[0]
        return self.head(tokens.mean(1) if self.read_tokens is None else tokens[:, self.read_tokens].mean(1))

    def by_hand(self, picture):
        """The logits, and each layer's attention, which is part of the graph."""
        tokens, layers = self.tokens(picture[None]).requires_grad_(), []
        for layer in self.layers:
            q, k, v = (each.unflatten(2, (2, -1)).transpose(1, 2) for each in layer.projected(tokens))
            weights = (q @ k.transpose(2, 3) / 2).softmax(-1)
            layers.append([*weights[0]])
            heads = torch.stack(layers[-1])[None] @ v
            tokens = tokens + layer.out_proj(heads.transpose(1, 2).flatten(2))
        return self.head((tokens[0] if self.read_tokens is None else tokens[0, self.read_tokens]).mean(0)), layers


@every_method
@pytest.mark.parametrize(
    ("before", "after", "read"),
    [
        (1, 0, [0]),
        (0, 1, [15]),  # the class token stands last
        (5, 0, [0]),  # with registers behind it
        (5, 0, [4]),  # with registers before it
        (1, 4, [0]),  # with registers at the end
        (2, 0, [0, 1]),  # two are read
        (4, 0, [*range(4, 19)]),  # registers, and the mean of the cells
        (1, 0, None),
        (0, 0, None),
    ],
)
def test_the_tokens_are_read_that_the_answer_is_read_from(classify, noise, apart, method, before, after, read):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        network = Placed(before, after, read).eval().requires_grad_(False).double()
    picture = noise((12, 20), dtype=torch.float64)
    logits, layers = network.by_hand(picture)
    if isinstance(method, AttentionRollout):
        flow = rollout(layers)
    else:
        flow = relevance(layers, logits[1]) - torch.eye(before + 15 + after)  # what a token holds from the start
    rows = flow if read is None else flow[read]
    values, score = exact(method, classify(network, (12, 20)), picture, Target(1))
    assert score == pytest.approx(float(logits[1].detach()), rel=1e-12)
    assert apart(values, rows.mean(0)[before : before + 15].view(1, 3, 5)) < 1e-12


@pytest.mark.parametrize("more", [{}, {"scale": 0.3}, {"is_causal": True}, {"attn_mask": True}], ids=str)
def test_weights_of_the_fused_function_are_right_whatever_its_mask_and_scale(more):
    draw = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, 5, 4, generator=draw, dtype=torch.float64) for _ in range(3))
    mask = torch.randn(5, 5, generator=draw, dtype=torch.float64)
    more = {name: mask if value is True and name == "attn_mask" else value for name, value in more.items()}
    with _AttentionRecorder() as recorder:
        result = F.scaled_dot_product_attention(q, k, v, **more)
    (attention,) = recorder.attentions
    torch.testing.assert_close(attention.weights @ v, result)
    torch.testing.assert_close(attention.weights.sum(-1), torch.ones(2, 3, 5, dtype=torch.float64))


def test_a_module_with_sizes_of_its_own_for_keys_and_values_is_read_too():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.MultiheadAttention(8, 2, kdim=6, vdim=4, batch_first=True).double()
        x = [torch.randn(3, 5, size, dtype=torch.float64) for size in (8, 6, 4)]
    with _AttentionRecorder() as recorder:
        module(*x)
    (attention,) = recorder.attentions
    torch.testing.assert_close(attention.weights, module(*x, average_attn_weights=False)[1].detach())
    gradient = torch.ones_like(attention.result)
    values = F.linear(x[2], module.v_proj_weight, module.in_proj_bias[16:]).unflatten(2, (2, -1)).transpose(1, 2)
    weights = attention.weights.clone().requires_grad_()
    written = module.out_proj((weights @ values).transpose(1, 2).flatten(2))
    torch.testing.assert_close(written.transpose(0, 1), attention.result)
    (expected,) = torch.autograd.grad(written.sum(), weights)
    torch.testing.assert_close(attention.to_weights_gradient(gradient), expected)


# Where there is none


class Mixer(nn.Module):
    """Tokens without attention."""

    def __init__(self):
        super().__init__()
        self.patches, self.mix, self.head = nn.Conv2d(3, 8, 4, 4), nn.Linear(64, 64), nn.Linear(8, 3)
        self.after = nn.Identity()

    def forward(self, pictures):
        tokens = self.mix(self.patches(pictures).flatten(2)).transpose(1, 2)
        return self.head(self.after(tokens).mean(1))


class MiddleToken(Placed):
    """A class token between the cells."""

    def tokens(self, pictures):
        extra, cells = super().tokens(pictures).split([1, 15], 1)
        return torch.cat([cells[:, :7], extra, cells[:, 7:]], 1)


WITHOUT = {
    "convolutions": lambda: nn.Sequential(nn.Conv2d(3, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "tokens without attention": Mixer,
    "windows": lambda: models.SwinTransformer([2, 2], 8, [1, 1], [1, 2], [4, 4], num_classes=3),
}


@every_method
@pytest.mark.parametrize("name", WITHOUT)
def test_networks_without_attention_among_all_patches_are_refused(classify, noise, method, name):
    classifier = classify(WITHOUT[name](), (32, 32), name="it")
    sentence = f"^{method.title} needs a vision transformer, in which .* and it isn't one. Grad-CAM works on it."
    with pytest.raises(ExplanationError, match=sentence):
        method(classifier, noise((32, 32)), Target(1))


@every_method
def test_a_class_token_in_the_middle_is_refused(classify, noise, method):
    classifier = classify(MiddleToken(1, 0, [7]).eval(), (12, 20), name="it")
    with pytest.raises(ExplanationError, match=f"^{method.title} needs a vision transformer, in which .* it isn't one"):
        method(classifier, noise((12, 20)), Target(1))


class Frozen(Placed):
    def tokens(self, pictures):
        with torch.no_grad():
            return super().tokens(pictures)


@every_method
def test_attention_that_no_gradient_reaches_is_refused(classify, noise, method):
    classifier = classify(Frozen(1, 0, [0]).eval(), (12, 20), name="it")
    with pytest.raises(ExplanationError, match=r"no gradient passes|No gradient of the score reaches"):
        method(classifier, noise((12, 20)), Target(1))


@pytest.fixture(scope="module")
def compiled(attentive, classify):
    return classify(torch.compile(attentive(), backend="eager"), (24, 24), name="it")  # needs no C++ compiler


@every_method
def test_a_compiled_transformer_is_refused(compiled, noise, method):
    with pytest.raises(ExplanationError, match="can't see the attention inside it, because it is compiled or scripted"):
        method(compiled, noise((24, 24)), Target(1))


@pytest.fixture(scope="module")
def deep(classify):
    torch.default_generator.manual_seed(0)  # which is done for a test only after this
    network = models.VisionTransformer(224, 32, 12, 12, 48, 96, num_classes=3)  # ViT-B/32, but narrow
    nn.init.normal_(network.heads.head.weight)  # which begins as zero
    return classify(network, (224, 224))


@every_method
def test_a_network_as_deep_and_of_as_many_patches_as_the_real_thing_has_a_map_of_them(deep, noise, method):
    found = method(deep, noise((224, 224)), Target(1))
    assert found.values.shape == (1, 7, 7)
    assert found.facts.passes == 1
    assert np.isfinite(found.values).all()
    assert found.values.min() >= 0
