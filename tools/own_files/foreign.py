"""Files with the names of other releases and other authors, written by hand from their published code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tools.architectures.building import Build

State = dict[str, Tensor]
Rename = Callable[[State], State]
TORCHVISION, TIMM = "torchvision", "timm"


@dataclass(frozen=True)
class Foreign:
    """A file: whose it is, the network that it was made of, and how its tensors are called.

    fits: whether an architecture of the table computes what that author's network does.
    """

    title: str
    build: Build
    rename: Rename
    fits: bool = True
    classes: int = 7
    channels: int = 3


def renamed(*pairs: tuple[str, str]) -> Rename:
    """Return what replaces regular expressions in every name, one after the other."""

    def rename(state: State) -> State:
        result = {}
        for name, value in state.items():
            for pattern, replacement in pairs:
                name = re.sub(pattern, replacement, name)
            result[name] = value
        return result

    return rename


def _efficientnet_pytorch(state: State) -> State:
    """Number the blocks from end to end; the first has no expansion."""
    blocks = dict.fromkeys(match[0] for name in state if (match := re.match(r"blocks\.\d+\.\d+\.", name)))
    first = (("conv_dw", "_depthwise_conv"), ("bn1", "_bn1"), ("conv_pw", "_project_conv"), ("bn2", "_bn2"))
    others = (
        *(("conv_pwl", "_project_conv"), ("conv_pw", "_expand_conv"), ("conv_dw", "_depthwise_conv")),
        *(("bn1", "_bn0"), ("bn2", "_bn1"), ("bn3", "_bn2")),
    )
    squeeze = ("se.conv_reduce", "_se_reduce"), ("se.conv_expand", "_se_expand")
    result = {}
    for name, value in state.items():
        block = next((block for block in blocks if name.startswith(block)), None)
        if block is None:
            top = {
                "conv_stem": "_conv_stem",
                "bn1": "_bn0",
                "conv_head": "_conv_head",
                "bn2": "_bn1",
                "classifier": "_fc",
            }
            module, _, tensor = name.partition(".")
            result[f"{top[module]}.{tensor}"] = value
            continue
        number, rest = list(blocks).index(block), name.removeprefix(block)
        for own, other in (*squeeze, *(others if number else first)):
            if rest.startswith(f"{own}."):
                rest = other + rest[len(own) :]
                break
        result[f"_blocks.{number}.{rest}"] = value
    return result


def _microsoft_swin(state: State) -> State:
    """There a stage ends with the downsampling that timm's next stage begins with, and reduces before it normalises."""
    moved: dict[int, State] = {}
    result: State = {}
    for name, value in state.items():
        if match := re.match(r"layers\.(\d)\.downsample\.(.+)", name):
            stage = int(match[1]) - 1
            moved.setdefault(stage, {})[f"layers.{stage}.downsample.{match[2]}"] = value
            continue
        result[name.replace("head.fc.", "head.")] = value
    ordered: State = {}
    for name, value in result.items():
        stage = int(match[1]) if (match := re.match(r"layers\.(\d)", name)) else 0
        for earlier in [earlier for earlier in moved if match and earlier < stage]:
            ordered |= dict(sorted(moved.pop(earlier).items(), reverse=True))
        ordered[name] = value
    return ordered


def _facebook_convnext(state: State) -> State:
    """There all downsampling comes before the stages."""
    names = renamed(
        (r"^stem\.", "downsample_layers.0."),
        (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."),
        (r"^(stages\.\d)\.blocks", r"\1"),
        (r"\.conv_dw\.", ".dwconv."),
        (r"\.mlp\.fc", ".pwconv"),
        (r"^head\.norm\.", "norm."),
        (r"^head\.fc\.", "head."),
    )(state)
    return dict(sorted(names.items(), key=lambda item: not item[0].startswith("downsample")))


def _separate_attention(state: State) -> State:
    """Queries, keys and values in layers of their own, as transformers has them."""
    result: State = {}
    for name, value in state.items():
        if ".attn.qkv." in name:
            for part, tensor in zip(("query", "key", "value"), value.chunk(3), strict=True):
                result[name.replace("attn.qkv", f"attention.attention.{part}")] = tensor.clone()
        else:
            result[name] = value
    return renamed((r"^blocks\.", "vit.encoder.layer."), (r"^head\.", "classifier."), (r"^(?!vit|cl)", "vit."))(result)


def _fastai(state: State) -> State:
    """A body by numbers, and a head that reads average and maximum of every channel."""
    numbers = {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7}
    result: State = {}
    for name, value in state.items():
        module, _, rest = name.partition(".")
        if module in numbers:
            result[f"0.{numbers[module]}.{rest}"] = value
    norms = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    for place, width in (("2", 1024), ("6", 512)):
        result |= {f"1.{place}.{tensor}": torch.full((width,), value) for tensor, value in norms.items()}
    return result | {"1.4.weight": torch.rand(512, 1024), "1.8.weight": torch.rand(7, 512)}


def _with(rename: Rename, **more: tuple[int, ...]) -> Rename:
    """Return what adds tensors of these shapes, whose names have two underscores for a dot, after renaming."""
    return lambda state: rename(state) | {name.replace("__", "."): torch.ones(shape) for name, shape in more.items()}


def _doubled(one: str, other: str) -> Rename:
    """Return what gives all tensors twice, with two prefixes."""
    return lambda state: renamed((r"^", one))(state) | renamed((r"^", other))(state)


def _without_counters(state: State) -> State:
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


def _small_stem(state: State) -> State:
    """A first convolution of 3 by 3, for pictures of 32 pixels."""
    changed = {**state, "conv1.weight": torch.rand(64, 3, 3, 3)}
    return renamed((r"\.downsample\.", ".shortcut."), (r"^fc\.", "linear."))(changed)


FIRST_BLOCK = (("0.0", 0), ("0.1", 1), ("1", 3), ("2", 4))  # torchvision's names of MobileNetV2's layers, and places
BLOCK = (("0.0", 0), ("0.1", 1), ("1.0", 3), ("1.1", 4), ("2", 6), ("3", 7))
FOREIGN: Sequence[Foreign] = (
    Foreign(
        "DenseNet-121 as torchvision publishes it",
        Build(TORCHVISION, "densenet121"),
        renamed((r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2")),
    ),
    Foreign("EfficientNet-B0 of efficientnet_pytorch", Build(TIMM, "tf_efficientnet_b0"), _efficientnet_pytorch),
    Foreign("Swin-T of Microsoft and of timm before 0.9", Build(TIMM, "swin_tiny_patch4_window7_224"), _microsoft_swin),
    Foreign("ConvNeXt-T of Facebook Research", Build(TIMM, "convnext_tiny"), _facebook_convnext),
    Foreign(
        "ResNet-50 of OpenMMLab",
        Build(TORCHVISION, "resnet50"),
        renamed((r"^(?!fc)", "backbone."), (r"^fc", "head.fc")),
    ),
    Foreign(
        "ViT-B/16 of OpenMMLab",
        Build(TIMM, "vit_base_patch16_224"),
        renamed(
            (r"^blocks\.(\d+)\.norm", r"backbone.layers.\1.ln"),
            (r"^blocks\.(\d+)\.mlp\.fc1", r"backbone.layers.\1.ffn.layers.0.0"),
            (r"^blocks\.(\d+)\.mlp\.fc2", r"backbone.layers.\1.ffn.layers.1"),
            (r"^blocks\.", "backbone.layers."),
            (r"^norm\.", "backbone.ln1."),
            (r"^patch_embed\.proj", "backbone.patch_embed.projection"),
            (r"^(?=cls|pos)", "backbone."),
            (r"^head\.", "head.layers.head."),
        ),
    ),
    Foreign("ResNet-34 of pretrainedmodels", Build(TORCHVISION, "resnet34"), renamed((r"^fc\.", "last_linear."))),
    Foreign("Xception of pretrainedmodels", Build(TIMM, "legacy_xception"), renamed((r"^fc\.", "last_linear."))),
    Foreign("ResNet-34 of fastai", Build(TORCHVISION, "resnet34"), _fastai, fits=False),
    Foreign(
        "ViT-S/16 with its teacher, as DINO trains it",
        Build(TIMM, "vit_small_patch16_224"),
        _doubled("student.module.backbone.", "teacher.backbone."),
    ),
    Foreign(
        "ViT-B/16 of transformers, without its folder",
        Build(TIMM, "vit_base_patch16_224"),
        _separate_attention,
        fits=False,
    ),
    Foreign(
        "ResNet-50 of MoCo with its second encoder",
        Build(TORCHVISION, "resnet50"),
        _with(_doubled("module.encoder_q.", "module.encoder_k."), module__queue=(128, 64), module__queue_ptr=(1,)),
        classes=128,
    ),
    Foreign(
        "MobileNetV2 of d-li14",
        Build(TORCHVISION, "mobilenet_v2"),
        renamed(
            *((rf"^(features\.1\.conv)\.{re.escape(own)}\.", rf"\1.#{other}.") for own, other in FIRST_BLOCK),
            *((rf"^(features\.(?:[2-9]|1\d)\.conv)\.{re.escape(own)}\.", rf"\1.#{other}.") for own, other in BLOCK),
            ("#", ""),
            (r"^classifier\.1\.", "classifier."),
            (r"^features\.18\.", "conv."),
        ),
    ),
    Foreign("ResNet-18 for CIFAR of kuangliu", Build(TORCHVISION, "resnet18"), _small_stem, fits=False),
    Foreign(
        "ViT-B/16 fine-tuned from MAE, which averages the cells",
        Build(TIMM, "vit_base_patch16_224"),
        renamed((r"^norm\.", "fc_norm.")),
        fits=False,
    ),
    Foreign(
        "ViT-B/16 of timm 0.4 with a layer before its head",
        Build(TIMM, "vit_base_patch16_224"),
        _with(renamed(), pre_logits__fc__weight=(768, 768), pre_logits__fc__bias=(768,)),
        fits=False,
    ),
    Foreign(
        "DeiT-Ti with a distillation token", Build(TIMM, "deit_tiny_distilled_patch16_224"), renamed((r"^", "module."))
    ),
    Foreign(
        "ResNet-50 of the robustness library",
        Build(TORCHVISION, "resnet50"),
        _with(
            _doubled("module.model.", "module.attacker.model."),
            module__normalizer__new_mean=(3, 1, 1),
            module__normalizer__new_std=(3, 1, 1),
        ),
    ),
    Foreign(
        "ResNet-18 of Places365, from before counters of batches",
        Build(TORCHVISION, "resnet18"),
        lambda state: renamed((r"^", "module."))(_without_counters(state)),
        classes=365,
    ),
    Foreign(
        "DenseNet-121 of torchxrayvision, for grey pictures",
        Build(TORCHVISION, "densenet121"),
        _with(renamed(), op_threshs=(18,)),
        classes=18,
        channels=1,
    ),
)
