"""What tells architectures apart whose files look the same, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explainers.classifiers.own.table import Architecture


def differences(architectures: Sequence[Architecture]) -> list[str]:
    """Return for each architecture what tells it from the others, in a few words; "" if it is the only one."""
    if len(architectures) == 1:
        return [""]
    traits = [dict(architecture.traits) for architecture in architectures]
    told = [label for label in dict.fromkeys(label for each in traits for label in each) if _vary(traits, label)]
    codes = [
        [each[label] for label in told if label in each] + _rescaling(architecture)
        for architecture, each in zip(architectures, traits, strict=True)
    ]
    several = {architecture.library for architecture in architectures}
    return [_words(architectures, at, codes, len(several) > 1) for at in range(len(architectures))]


def _vary(traits: Sequence[dict[str, str]], label: str) -> bool:
    return len({each[label] for each in traits if label in each}) > 1


def _rescaling(architecture: Architecture) -> list[str]:
    rescales = dict(architecture.settings).get("transform_input")
    if rescales is None:
        return []
    return ["rescales its input, as published weights need" if rescales else "takes its input as it is, if trained so"]


def _words(architectures: Sequence[Architecture], at: int, codes: Sequence[Sequence[str]], libraries: bool) -> str:
    own = architectures[at]
    words = [f"{own.library}'s"] if libraries else []
    words += codes[at]
    twins = [other for other, code in zip(architectures, codes, strict=True) if code == codes[at] and other != own]
    if elsewhere := [twin for twin in twins if twin.library != own.library]:
        words.append(f"computes the same as {elsewhere[0].library}'s")
    elif same := [twin.name for twin in twins if twin.size == own.size]:
        words.append(f"computes the same as {' and '.join(same)}")
    if len({other.size for other in architectures}) > 1:
        words.append(f"usually for {own.size} px")
    if len({(other.mean, other.std) for other in architectures}) > 1:
        words.append(f"usually with mean {_numbers(own.mean)} and standard deviation {_numbers(own.std)}")
    return ", ".join(words)


def _numbers(values: Iterable[float]) -> str:
    return " ".join(dict.fromkeys(f"{value:.3g}" for value in values))
