"""The forms that training programs save weights in, and the names that are left of them."""

import numpy as np
import pytest

from explainers.classifiers.own.wrappers import unwrap
from explainers.errors import ExplanationError

BODY = {"conv1.weight": (4, 3, 3, 3), "bn1.weight": (4,), "bn1.bias": (4,), "bn1.running_mean": (4,)}
BODY |= {f"layer{at}.0.conv.weight": (4, 4, 3, 3) for at in range(1, 30)}
HEAD = {"fc.weight": (2, 4), "fc.bias": (2,)}


def tensors(shapes, prefix="", value=0.0):
    return {f"{prefix}{name}": np.full(shape, value) for name, shape in shapes.items()}


def taken(content):
    """The names that are taken, the value that the tensors have, and the notes in one text."""
    state, notes = unwrap(content)
    return list(state), {float(tensor.flat[0]) for tensor in state.values()}, " ".join(notes)


NAMES = [*BODY, *HEAD]
STATE = tensors(BODY | HEAD)


def test_a_state_dict_is_left_as_it_is():
    assert taken(STATE) == (NAMES, {0.0}, "")


@pytest.mark.parametrize(
    "entry", ["state_dict", "model_state_dict", "model", "net", "network", "weights", "my_weights"]
)
def test_an_entry_is_opened_and_said(entry):
    names, _, notes = taken({"epoch": 3, entry: STATE, "optimizer": {"state": {0: {}}, "param_groups": []}})
    assert names == NAMES
    assert notes == f"The weights were taken from the entry “{entry}”."


@pytest.mark.parametrize("prefix", ["module.", "model.", "net.", "backbone.", "_orig_mod.", "encoder.", "mine."])
def test_a_prefix_that_all_names_bear_is_taken_off_and_said(prefix):
    names, _, notes = taken(tensors(BODY | HEAD, prefix))
    assert names == NAMES
    assert notes == f"The prefix “{prefix}” was taken off the names."


@pytest.mark.parametrize("prefix", ["module._orig_mod.", "_orig_mod.module.model.", "model.net.backbone.module."])
def test_prefixes_are_taken_off_in_any_order_and_depth(prefix):
    assert taken({"state_dict": {"model": tensors(BODY | HEAD, prefix)}})[0] == NAMES


def test_a_head_beside_a_backbone_keeps_its_name_and_is_said():
    names, _, notes = taken(tensors(BODY, "backbone.") | tensors(HEAD))
    assert names == NAMES
    assert notes == "The prefix “backbone.” was taken off the names; fc.weight and fc.bias have none."


def test_a_prefix_is_kept_where_what_has_none_can_be_no_head():
    mixed = tensors(BODY, "model.") | {"stem.weight": np.zeros((4, 3, 3, 3))}
    assert taken(mixed)[0] == list(mixed)


def test_a_prefix_is_kept_where_two_names_would_become_one():
    mixed = tensors(BODY | HEAD, "model.") | tensors(HEAD)
    assert taken(mixed)[0] == list(mixed)


@pytest.mark.parametrize("entry", ["state_dict_ema", "model_ema", "ema"])
def test_of_two_entries_the_moving_average_is_taken_and_said(entry):
    content = {"state_dict": tensors(BODY | HEAD, value=1.0), entry: tensors(BODY | HEAD, "module.", 2.0)}
    names, values, notes = taken(content)
    assert (names, values) == (NAMES, {2.0})
    assert notes.startswith(f"The weights' moving average (EMA) was taken, which is in the entry “{entry}”.")


def test_a_moving_average_is_found_within_an_entry():
    content = {"ema": {"decay": 0.99, "module": STATE}, "model": tensors(BODY | HEAD, value=1.0)}
    assert taken(content)[:2] == (NAMES, {0.0})


def test_a_moving_average_is_found_by_its_names():
    content = tensors(BODY | HEAD, "model.", 1.0) | tensors(BODY | HEAD, "model_ema.module.", 2.0)
    names, values, notes = taken({"state_dict": content})
    assert (names, values) == (NAMES, {2.0})
    assert "The weights' moving average (EMA) was taken, whose names begin with “model_ema.”." in notes


def test_what_belongs_to_the_training_is_left_out_and_said():
    extras = {"criterion.weight": (2,), "val_acc.correct": (), "train_metrics.total": (), "n_averaged": ()}
    names, _, notes = taken({"state_dict": tensors(BODY | HEAD, "model.") | tensors(extras)})
    assert names == NAMES
    assert "criterion.weight, val_acc.correct, train_metrics.total and 1 more were left out, because they" in notes


def test_a_teacher_is_left_out():
    content = tensors(BODY | HEAD, "student.", 1.0) | tensors(BODY | HEAD, "teacher.", 2.0)
    assert taken(content)[:2] == (NAMES, {1.0})


def test_parts_that_were_saved_apart_are_put_together():
    names, _, notes = taken({"backbone": tensors(BODY), "fc": {"weight": np.zeros((2, 4)), "bias": np.zeros(2)}})
    assert names == NAMES
    assert "The weights of the entries “backbone” and “fc” were put together." in notes


def test_what_is_no_tensor_is_left_out():
    assert taken({**STATE, "fc._extra_state": {}, "version": 3})[0] == NAMES


@pytest.mark.parametrize(
    "content", [{}, {"epoch": 3}, {"state_dict": {}}, {0: np.zeros(3)}, {"model": {0: np.zeros(3)}}]
)
def test_a_file_without_named_tensors_is_refused(content):
    with pytest.raises(ExplanationError, match=r"holds no weights.* Save the network's with torch\.save"):
        unwrap(content)


def test_entries_within_entries_end():
    content = STATE
    for _ in range(100):
        content = {"model": content}
    with pytest.raises(ExplanationError, match="holds no weights"):
        unwrap(content)
