import pickle
import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from explainers.classifiers.checkpoints import load_weights
from explainers.errors import ExplanationError


@pytest.fixture
def state(tiny):
    return tiny().state_dict()


@pytest.fixture
def saved(tmp_path):
    """Saves anything, as torch does or, where the name says so, as safetensors."""

    def save(content, name="weights.pth"):
        (save_file if name.endswith(".safetensors") else torch.save)(content, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def fill(tiny):
    """Fills another network of the tiny architecture, which starts with other weights."""

    def fill(path, classes=3):
        network = tiny(classes)
        for value in network.state_dict().values():
            value.zero_()
        return load_weights(network, path, "Tiny")

    return fill


def same(network, state):
    return all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_reads_a_state_dict(state, saved, fill, name):
    assert same(fill(saved(state, name)), state)


def test_reads_the_format_of_old_downloads(state, tmp_path, fill):
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same(fill(tmp_path / "old.pth"), state)


@pytest.mark.parametrize("wrapper", ["state_dict", "model"])
def test_reads_a_state_dict_within_a_training_checkpoint(state, saved, fill, wrapper):
    assert same(fill(saved({wrapper: state, "epoch": 3, "optimizer": {"state": {}}})), state)


def test_reads_a_data_parallel_state_dict(tiny, state, saved, fill):
    assert same(fill(saved(nn.DataParallel(tiny()).state_dict())), state)


def test_reads_weights_from_before_batches_were_counted(state, saved, fill):
    old = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    assert same(fill(saved(old)), state)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_become_float32(state, saved, fill, dtype):
    other = {key: value.to(dtype) for key, value in state.items()}  # the counters too, as people do to make files small
    network = fill(saved(other))
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert network.norm.num_batches_tracked.dtype == torch.int64
    assert same(network, {key: value.to(state[key].dtype) for key, value in other.items()})


def test_weights_saved_in_channels_last_lie_as_usual(tiny, state, saved, fill):
    network = fill(saved(tiny().to(memory_format=torch.channels_last).state_dict()))
    assert network.conv.weight.is_contiguous()
    assert same(network, state)


def test_mnasnet_loads_from_a_file_that_does_not_say_its_version(saved):
    network = models.mnasnet0_5()
    path = saved(network.state_dict(), "weights.safetensors")
    assert same(load_weights(models.mnasnet0_5(), path, "MNASNet"), network.state_dict())


def test_a_mismatch_names_the_first_keys_of_each_kind(state, saved, fill):
    for key in ("conv.weight", "conv.bias", "norm.weight", "norm.bias"):
        state[f"body.{key}"] = state.pop(key)
    state["fc.bias"] = torch.zeros(5)
    with pytest.raises(ExplanationError) as caught:
        fill(saved(state))
    assert str(caught.value) == (
        "weights.pth does not fit Tiny: it lacks conv.weight, conv.bias, norm.weight and 1 more; it has the unknown "
        "body.conv.weight, body.conv.bias, body.norm.weight and 1 more; fc.bias is (5,) there and (3,) in the network."
    )


def test_a_head_for_other_classes_is_a_mismatch(state, saved, fill):
    with pytest.raises(ExplanationError, match=r"fc.weight is \(3, 4\) there and \(10, 4\) in the network, fc.bias"):
        fill(saved(state), classes=10)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_would_run_code_is_refused_and_does_not_run_it(state, tmp_path, fill, zipped):
    torch.save({**state, "trap": Trap(tmp_path / "sprung")}, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ExplanationError, match="holds more than tensors"):
        fill(tmp_path / "x.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(ExplanationError, match="holds more than tensors"):
        fill(tmp_path / "plain.pth")
    assert not (tmp_path / "sprung").exists()


def test_a_whole_network_is_refused_with_advice(tiny, saved, fill):
    with pytest.raises(ExplanationError, match=r"a whole network, say.* Save network\.state_dict\(\) instead\."):
        fill(saved(nn.Sequential(nn.Linear(2, 2))))


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("content", [b"", b"hello", bytes(1000), b"\x80\x02}q\x00.", b"PK\x03\x04" + bytes(100)])
def test_a_file_of_something_else_is_refused(tmp_path, fill, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExplanationError, match=r"weights\.(pth|safetensors)"):
        fill(tmp_path / name)


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_damaged_file_is_refused(state, saved, fill, name, part):
    path = saved(state, name)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(ExplanationError, match="could not be read as weights: it is damaged"):
        fill(path)


@pytest.mark.parametrize(
    "content",
    [torch.zeros(3), [torch.zeros(3)], {"epoch": 3}, {0: torch.zeros(3)}, {"state_dict": {"fc": [1.0]}}, "text", 7],
    ids=repr,
)
def test_tensors_without_names_are_no_state_dict(saved, fill, content):
    with pytest.raises(ExplanationError, match=r"weights\.pth holds no state_dict"):
        fill(saved(content))


def test_an_empty_state_dict_does_not_fit(saved, fill):
    with pytest.raises(ExplanationError, match=r"it lacks conv\.weight, conv\.bias, norm\.weight and 5 more"):
        fill(saved(OrderedDict()))


def quantised(weight):
    return torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8)


STRANGE = {
    "sparse": (torch.Tensor.to_sparse, "sparse or nested"),
    "compressed": (torch.Tensor.to_sparse_csr, "sparse or nested"),
    "nested": (lambda weight: torch.nested.nested_tensor(list(weight), layout=torch.strided), "sparse or nested"),
    "meta": (lambda weight: weight.to("meta"), r"empty \(on the device meta\)"),
    "quantised": (quantised, "quantised"),
    "int8": (torch.Tensor.char, r"of torch\.int8"),
    "bool": (torch.Tensor.bool, r"of torch\.bool"),
    "complex": (lambda weight: weight.to(torch.complex64), r"of torch\.complex64"),
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # that these kinds are prototypes
@pytest.mark.parametrize("kind", STRANGE)
def test_weights_that_are_no_plain_numbers_are_refused(state, saved, fill, kind):
    change, sentence = STRANGE[kind]
    with pytest.raises(ExplanationError, match=r"weights\.pth") as caught:
        fill(saved({**state, "fc.weight": change(state["fc.weight"])}))
    assert re.search(
        rf"doesn't hold the weights of Tiny as plain numbers: fc\.weight is {sentence}\. Save the|could not be read",
        str(caught.value),
    )


def test_a_counter_of_complex_numbers_is_refused(state, saved, fill):
    with pytest.raises(ExplanationError, match=r"norm\.num_batches_tracked is complex"):
        fill(saved({**state, "norm.num_batches_tracked": torch.tensor(1j)}))


def test_no_sentence_names_the_folder_of_the_file(state, saved, fill, tmp_path):
    (tmp_path / "text.pth").write_text("hello")
    for path in (tmp_path / "nowhere.pth", tmp_path / "text.pth", saved({"a": torch.ones(1)}), tmp_path):
        with pytest.raises(ExplanationError) as caught:
            fill(path)
        assert str(tmp_path.parent) not in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere.pth", "nowhere.safetensors"])
def test_a_missing_file_is_said_to_be_missing(tmp_path, fill, name):
    with pytest.raises(ExplanationError, match=rf"There is no file .*{name}"):
        fill(tmp_path / name)


def test_a_folder_is_no_file_of_weights(tmp_path, fill):
    with pytest.raises(ExplanationError, match="could not be read as weights"):
        fill(tmp_path)
