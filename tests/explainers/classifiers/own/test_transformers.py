"""Hugging Face folders are loaded as their library does it, without their code, and only with all of their weights."""

import json
from dataclasses import replace

import pytest
import torch

from explainers import ExplanationError
from explainers.classifiers.own.reading import read_own
from explainers.classifiers.own.transformers import load_transformers

pytest.importorskip("transformers", reason="needs the extra transformers")
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "image_size": 32}


@pytest.fixture(scope="module")
def network():
    """A small vision transformer of three classes."""
    from transformers import ViTConfig, ViTForImageClassification

    return ViTForImageClassification(ViTConfig(**SMALL, patch_size=8, num_labels=3)).eval()


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    """Its folder."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = tmp_path_factory.mktemp("vit")
    network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def file(saved, tmp_path_factory):
    """It, read."""
    return read_own(saved, "vit", tmp_path_factory.mktemp("kept"))


@pytest.fixture
def changed(file, tmp_path):
    """Makes the same file with other settings."""

    def make(**settings):
        config = json.loads((file.folder / "config.json").read_text()) | settings
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "weights.safetensors").symlink_to(file.weights)
        return replace(file, folder=tmp_path, weights=tmp_path / "weights.safetensors")

    return make


def test_a_folder_answers_as_its_library_does(network, file):
    loaded, pictures = load_transformers(file), torch.rand(2, 3, 32, 32)
    assert loaded(pictures).equal(network(pixel_values=pictures).logits)
    assert not loaded.training


@pytest.mark.parametrize(
    "settings",
    [
        {"auto_map": {"AutoModelForImageClassification": "evil.Evil"}},
        {"_attn_implementation": "kernels-community/evil"},
        {"quantization_config": {"quant_method": "bitsandbytes"}},
        {"transformers_weights": "../evil.safetensors"},
        {"dtype": "float16"},
    ],
    ids=str,
)
def test_settings_that_name_code_or_files_are_ignored(network, changed, settings):
    loaded, pictures = load_transformers(changed(**settings)), torch.rand(1, 3, 32, 32)
    assert loaded(pictures).equal(network(pixel_values=pictures).logits)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_hidden_layers": 10**6}, r"sets num_hidden_layers to 1e\+06, which doesn't fit the 40 tensors"),
        ({"hidden_size": 10**9}, r"sets hidden_size to 1e\+09"),
        ({"num_labels": 10**9}, "sets num_labels to"),
        ({"hidden_size": 4096, "intermediate_size": 10**6}, "describes a network that is larger than the weights"),
        ({"image_size": 10**6, "patch_size": 1}, "describes a network that is larger than the weights"),
        (
            {"num_hidden_layers": 3},
            "its weights file lacks vit.layers.2.attention.k_proj.bias, .* which would be random",
        ),
        ({"id2label": {str(number): "x" for number in range(5)}}, "transformers says"),
        ({"hidden_size": "many"}, "transformers says"),
        ({"hidden_act": "evil"}, "transformers says"),
        ({"model_type": "nobody's"}, "transformers says"),
        ({"model_type": "bert"}, "transformers says"),
        ({"model_type": "timm_wrapper"}, "its network is another library's"),
        ({"backbone": "resnet50"}, "asks for another network, by backbone"),
        ({"vision_config": {"use_timm_backbone": True}}, "asks for another network, by use_timm_backbone"),
    ],
    ids=str,
)
def test_folders_that_dont_fit_their_weights_are_refused(changed, settings, words):
    with pytest.raises(ExplanationError, match=rf"^The Hugging Face folder can't be loaded: .*{words}"):
        load_transformers(changed(**settings))


def test_without_the_library_a_sentence_says_how_to_get_it(file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(ExplanationError, match=r"Install it, and try again: pip install transformers$"):
        load_transformers(file)


def test_other_files_are_refused(file):
    with pytest.raises(ExplanationError, match="is no Hugging Face folder"):
        load_transformers(replace(file, kind="state_dict"))
