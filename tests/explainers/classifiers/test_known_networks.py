"""The layer to start with, and its grid, of networks that people bring, written down by hand.

Each is as small as it can be built, with random weights. The layer is the last one whose grid the answer is read from:
where only a class token is read in the end, that is the norm before the last attention.
"""

import pytest
import timm
import torch
import transformers
from torch import nn
from torchvision import models
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2

from explainers.classifiers.layers import default_layer, grid_layers
from explainers.classifiers.layouts import CHANNELS_FIRST as FIRST
from explainers.classifiers.layouts import Layout

LAST = Layout("channels last")
QUICK = {
    "googlenet": {"init_weights": False, "aux_logits": False},
    "inception_v3": {"init_weights": False},
    "vgg11_bn": {"init_weights": False},
}
STAGES = {"hidden_sizes": [8, 16, 24, 32], "depths": [1] * 4}
HEADS = {"num_attention_heads": [1, 1, 2, 2]}
WINDOWS = {"image_size": 64, "patch_size": 4, "embed_dim": 16, "depths": [2, 1], "num_heads": [2, 4], "window_size": 4}
PATCHES = {
    "image_size": 64,
    "patch_size": 16,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
TIMM_WINDOWS = {"depths": (2, 1), "num_heads": (2, 4), "embed_dim": 16}
TIMM_PATCHES = {"img_size": 64, "depth": 2}


def tokens(height, before=0):
    return Layout("tokens", height, before)


def torchvision(name):
    return lambda: models.get_model(name, **QUICK.get(name, {}))


def of_timm(name, **settings):
    return lambda: timm.create_model(name, num_classes=3, **settings)


class Logits(nn.Module):
    """A network of transformers, which answers with an object."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, pictures):
        return self.network(pictures).logits


def hugging_face(name, **settings):
    def make():  # which imports the network's module: not for whoever only collects the tests
        config, network = (getattr(transformers, f"{name}{end}") for end in ("Config", "ForImageClassification"))
        return Logits(network(config(num_labels=3, **settings)))

    return make


NETWORKS = {
    # name: (how to make it, size of the picture, layer, its layout, channels, height, width)
    "ResNet-18": (torchvision("resnet18"), (64, 96), "layer4", FIRST, 512, 2, 3),
    "ResNet-50": (torchvision("resnet50"), (64, 64), "layer4", FIRST, 2048, 2, 2),
    "MobileNetV2": (torchvision("mobilenet_v2"), (64, 64), "features", FIRST, 1280, 2, 2),
    "MobileNetV3": (torchvision("mobilenet_v3_small"), (64, 64), "features", FIRST, 576, 2, 2),
    "GoogLeNet": (torchvision("googlenet"), (64, 64), "inception5b", FIRST, 1024, 2, 2),
    "Inception v3": (torchvision("inception_v3"), (80, 112), "Mixed_7c", FIRST, 2048, 1, 2),
    "DenseNet-121": (torchvision("densenet121"), (64, 64), "features", FIRST, 1024, 2, 2),
    "SqueezeNet": (torchvision("squeezenet1_1"), (64, 64), "features", FIRST, 512, 3, 3),
    "VGG-11": (torchvision("vgg11_bn"), (32, 96), "features.27", FIRST, 512, 2, 6),
    "AlexNet": (torchvision("alexnet"), (64, 96), "features.11", FIRST, 256, 3, 5),
    "ShuffleNetV2": (torchvision("shufflenet_v2_x0_5"), (64, 64), "conv5", FIRST, 1024, 2, 2),
    "EfficientNet-B0": (torchvision("efficientnet_b0"), (64, 64), "features", FIRST, 1280, 2, 2),
    "RegNet": (torchvision("regnet_y_400mf"), (64, 64), "trunk_output", FIRST, 440, 2, 2),
    "ConvNeXt": (torchvision("convnext_tiny"), (64, 64), "features", FIRST, 768, 2, 2),
    "MNASNet": (torchvision("mnasnet0_5"), (64, 64), "layers", FIRST, 1280, 2, 2),
    "ViT": (
        lambda: models.VisionTransformer(64, 16, 2, 2, 16, 32),  # whose head begins as zero
        (64, 64),
        "encoder.layers.encoder_layer_1.ln_1",
        tokens(4, 1),
        *(16, 4, 4),
    ),
    "Swin": (
        lambda: models.SwinTransformer([4, 4], 16, [2, 2], [1, 2], [4, 4], num_classes=3),
        (32, 64),
        "permute",  # of what the norm puts out, to channels first
        FIRST,
        *(32, 4, 8),
    ),
    "Swin V2": (
        lambda: models.SwinTransformer(
            *([4, 4], 16, [1, 1], [1, 2], [4, 4]), block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2
        ),
        (64, 64),
        "permute",
        FIRST,
        *(32, 8, 8),
    ),
    "MaxViT": (lambda: models.MaxVit((64, 64), 8, 4, [8, 16], [1, 1], 8, 0.0), (64, 64), "blocks.1", FIRST, 16, 8, 8),
    "timm ViT": (of_timm("vit_tiny_patch16_224", **TIMM_PATCHES), (64, 64), "blocks.1.norm1", tokens(4, 1), 192, 4, 4),
    "timm ViT, registers": (
        of_timm("vit_tiny_patch16_224", reg_tokens=4, **TIMM_PATCHES),
        (64, 64),
        "blocks.1.norm1",
        tokens(4, 5),
        *(192, 4, 4),
    ),
    "timm ViT, registers and a mean": (
        of_timm("vit_tiny_patch16_224", reg_tokens=4, class_token=False, global_pool="avg", **TIMM_PATCHES),
        (64, 64),
        "blocks",
        tokens(4, 4),
        *(192, 4, 4),
    ),
    "timm DeiT, distilled": (
        of_timm("deit_tiny_distilled_patch16_224", **TIMM_PATCHES),
        (64, 64),
        "blocks.1.norm1",
        tokens(4, 2),
        *(192, 4, 4),
    ),
    "timm BEiT": (  # the mean of whose patches is read
        of_timm("beit_base_patch16_224", embed_dim=32, num_heads=2, **TIMM_PATCHES),
        (64, 64),
        "blocks.1",
        tokens(4, 1),
        *(32, 4, 4),
    ),
    "timm EVA-02": (
        of_timm("eva02_tiny_patch14_224", img_size=56, depth=2),
        (56, 56),
        "blocks.1",
        tokens(4, 1),
        *(192, 4, 4),
    ),
    "timm CaiT": (
        of_timm("cait_xxs24_224", **TIMM_PATCHES),
        (64, 64),
        "blocks_token_only.1.norm1",
        tokens(4, 1),
        *(192, 4, 4),
    ),
    "timm XCiT": (
        of_timm("xcit_nano_12_p16_224", depth=1),
        (64, 64),
        "cls_attn_blocks.1.norm1",
        tokens(4, 1),
        *(128, 4, 4),
    ),
    "timm Swin": (
        of_timm("swin_tiny_patch4_window7_224", img_size=(32, 64), **TIMM_WINDOWS),
        (32, 64),
        "norm",
        LAST,
        *(32, 4, 8),
    ),
    "timm Swin V2 at 256 pixels": (
        of_timm("swinv2_tiny_window8_256", **TIMM_WINDOWS),
        (256, 256),
        "norm",
        LAST,
        *(32, 32, 32),
    ),
    "timm LeViT": (of_timm("levit_128s", img_size=128), (128, 128), "stages", tokens(2), 384, 2, 2),
    "timm ConvNeXt": (of_timm("convnext_atto"), (64, 64), "stages", FIRST, 320, 2, 2),
    "timm PVT v2": (of_timm("pvt_v2_b0", depths=(1,) * 4), (64, 64), "stages", FIRST, 256, 2, 2),
    "timm MobileViT": (of_timm("mobilevit_xxs"), (64, 64), "final_conv", FIRST, 320, 2, 2),
    "timm ResNeSt": (of_timm("resnest14d"), (64, 64), "layer4", FIRST, 2048, 2, 2),
    "timm EfficientNet-Lite0": (of_timm("tf_efficientnet_lite0"), (64, 64), "bn2", FIRST, 1280, 2, 2),
    "timm Mixer": (of_timm("mixer_s32_224", img_size=64), (64, 64), "norm", tokens(2), 512, 2, 2),
    "timm PoolFormer": (of_timm("poolformer_s12"), (64, 64), "stages", FIRST, 512, 2, 2),
    "Hugging Face ViT": (
        hugging_face("ViT", **PATCHES),
        (64, 64),
        "network.vit.layers.1.layernorm_before",
        tokens(4, 1),
        *(32, 4, 4),
    ),
    "Hugging Face DeiT": (
        hugging_face("DeiT", **PATCHES),
        (64, 64),
        "network.deit.layers.1.layernorm_before",
        tokens(4, 2),
        *(32, 4, 4),
    ),
    "Hugging Face BEiT": (hugging_face("Beit", **PATCHES), (64, 64), "network.beit.layers.1", tokens(4, 1), 32, 4, 4),
    "Hugging Face DINOv2, registers": (  # which reads the class token and the mean of the patches
        hugging_face("Dinov2WithRegisters", **PATCHES),
        (64, 64),
        "network.dinov2_with_registers.layernorm",
        tokens(4, 5),
        *(32, 4, 4),
    ),
    "Hugging Face Swin": (hugging_face("Swin", **WINDOWS), (64, 64), "network.swin.layernorm", tokens(8), 32, 8, 8),
    "Hugging Face Swin V2": (
        hugging_face("Swinv2", **WINDOWS | {"image_size": 256}),
        (256, 256),
        "network.swinv2.layernorm",
        tokens(32),
        *(32, 32, 32),
    ),
    "Hugging Face ConvNeXt": (
        hugging_face("ConvNext", **STAGES),
        (64, 96),
        "network.convnext.encoder.stages.3",
        FIRST,
        *(32, 2, 3),
    ),
    "Hugging Face ResNet": (
        hugging_face("ResNet", embedding_size=8, **STAGES),
        (64, 96),
        "network.resnet.encoder.stages.3",
        FIRST,
        *(32, 2, 3),
    ),
    "Hugging Face PVT": (
        hugging_face("Pvt", image_size=64, **STAGES, **HEADS),
        (64, 64),
        "network.pvt.encoder.block.3.0.layer_norm_1",
        tokens(2, 1),
        *(32, 2, 2),
    ),
}


def test_they_are_forty_and_more():
    assert len(NETWORKS) >= 40


@pytest.mark.parametrize("name", NETWORKS)
def test_the_layer_to_start_with_and_its_grid_are_right(narrow, name):
    make, size, *expected = NETWORKS[name]
    torch.manual_seed(0)
    network = narrow(make) if name in ("AlexNet", "VGG-11") else make()
    layer = default_layer(grid_layers(network.eval(), torch.rand(1, 3, *size)))
    assert [layer.name, layer.layout, layer.channels, layer.height, layer.width] == expected
