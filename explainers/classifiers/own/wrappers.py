"""Finds the weights in what training programs save, and gives them the names that their network has.

It works on names and imports no torch: a tensor is whatever has a shape and a dtype.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from explainers.errors import ExplanationError

AVERAGED = (
    "state_dict_ema",
    "model_state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "ema_model",
    "ema_weights",
    "ema",
    "averaged_model",
)
WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "module",
)
PREFIXES = ("module", "model", "net", "network", "backbone", "_orig_mod")
EXTRA = re.compile(  # the first part of a name of what isn't the network's: what training measures and compares with
    r"(\w*_)?(criterion|criteria|loss|losses|loss_fn|loss_func|metrics?|acc|accuracy|f1|auroc|auc|precision|recall"
    r"|confmat|confusion_matrix|teacher|attacker|normalizer|optimizer|n_averaged|global_step)(_\w*|\d*)"
)
DEEPEST = 6  # entries within entries
MOST_BESIDE = 16  # tensors without a prefix that nearly all bear
MAX_NAMED = 3  # in a note; the others are counted


def unwrap(content: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the tensors in what a file holds, by the names that their network has, and what was done, in sentences.

    Entries such as "state_dict" or "model" are opened. Of weights and their moving average (EMA) the average is taken.
    Prefixes that all names bear are taken off, and PREFIXES also where a few tensors without it can be a head. What a
    training module keeps beside its network (metrics, a loss's weights, a teacher) is left out.

    Raises ExplanationError if there are no tensors with names.
    """
    state, notes = _opened(content)
    tensors = {name: value for name, value in state.items() if isinstance(name, str) and _is_tensor(value)}
    if not tensors:
        raise ExplanationError(
            "The file holds no weights: a state_dict maps names to tensors. Save the network's with "
            "torch.save(network.state_dict(), path)."
        )
    tensors, averaged = _averaged(tensors)
    notes += averaged
    while True:
        tensors, left_out = _without_extras(tensors)
        tensors, stripped = _without_prefix(tensors)
        notes += [*left_out, *stripped]
        if not stripped:
            return tensors, tuple(_joined(notes))


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _holds_tensors(value: Any) -> bool:
    return isinstance(value, Mapping) and any(
        isinstance(name, str) and _is_tensor(item) for name, item in value.items()
    )


def _opened(content: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    """Go down the entries of a training program's file to the one with the weights."""
    notes: list[str] = []
    for _ in range(DEEPEST):
        inside = {
            name: value
            for name, value in content.items()
            if isinstance(name, str) and isinstance(value, Mapping) and value and not EXTRA.fullmatch(name)
        }
        if averaged := [name for name in AVERAGED if name in inside]:
            notes.append(f"The weights' moving average (EMA) was taken, which is in the entry {_quoted(averaged[0])}.")
            content = inside[averaged[0]]
        elif wrapped := [name for name in WRAPPERS if name in inside]:
            notes.append(f"The weights were taken from the entry {_quoted(wrapped[0])}.")
            content = inside[wrapped[0]]
        elif holders := {} if _holds_tensors(content) else {k: v for k, v in inside.items() if _holds_tensors(v)}:
            if len(holders) > 1:
                notes.append(f"The weights of the entries {_listed(map(_quoted, holders))} were put together.")
                return {f"{name}.{key}": v for name, part in holders.items() for key, v in part.items()}, notes
            ((name, content),) = holders.items()
            notes.append(f"The weights were taken from the entry {_quoted(name)}.")
        else:
            break
    return content, notes


def _averaged(tensors: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Choose the moving average where names tell it from what it is of: "model_ema.fc.bias" beside "model.fc.bias"."""
    for prefix in AVERAGED:
        inside = {name: value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
        if 2 * len(inside) >= len(tensors) - MOST_BESIDE and inside:
            return inside, [
                f"The weights' moving average (EMA) was taken, whose names begin with {_quoted(prefix + '.')}."
            ]
    return tensors, []


def _without_extras(tensors: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    extras = [name for name in tensors if EXTRA.fullmatch(name.partition(".")[0])]
    if not extras or len(extras) == len(tensors):
        return tensors, []
    many = len(extras) > 1
    return {name: value for name, value in tensors.items() if name not in set(extras)}, [
        f"{_listed(extras)} {'were' if many else 'was'} left out, because {'they belong' if many else 'it belongs'} to "
        "the training or to the preparation of pictures, and not to the network."
    ]


def _without_prefix(tensors: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Take off the first part of all names, or of all but those of a few that can be a head beside a backbone.

    "encoder" is no such part unless all bear it, because architectures have names of that kind: recognition tries both.
    """
    first = Counter(name.partition(".")[0] for name in tensors).most_common(1)[0][0]
    prefix = f"{first}."
    beside = [name for name in tensors if not name.startswith(prefix)]
    stripped = {name.removeprefix(prefix): value for name, value in tensors.items()}
    if len(stripped) < len(tensors) or "" in stripped:
        return tensors, []
    if not beside and len(tensors) > 1:
        return stripped, [f"The prefix {_quoted(prefix)} was taken off the names."]
    few = len(beside) <= min(MOST_BESIDE, len(tensors) // 4)
    if first in PREFIXES and few and all(len(tensors[name].shape) <= 2 for name in beside):
        have = "have" if len(beside) > 1 else "has"
        return stripped, [f"The prefix {_quoted(prefix)} was taken off the names; {_listed(beside)} {have} none."]
    return tensors, []


def _joined(notes: Iterable[str]) -> Iterable[str]:
    """Say the same thing once."""
    return dict.fromkeys(notes)


def _quoted(name: str) -> str:
    return f"“{name}”"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - MAX_NAMED
    if rest > 0:
        return f"{', '.join(names[:MAX_NAMED])} and {rest} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
