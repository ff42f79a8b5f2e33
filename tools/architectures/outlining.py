"""Finds which lengths of an architecture's tensors vary, from builds of other forms: no name is guessed."""

from __future__ import annotations

import math

from explainers.classifiers.own.fingerprint import Outline, Part, Role, Shapes

CLASSES, CHANNELS = (7, 13), (3, 5)  # of two builds


def outline(one: Shapes, other: Shapes, larger: Shapes | None, size: int) -> Outline:
    """Return what varies.

    one:    shapes with the first numbers of CLASSES and CHANNELS.
    other:  with the second ones.
    larger: as `one`, for pictures twice as large; None if it can't be built for those.
    size:   side of the pictures of `one`, in pixels.

    Raises ValueError for lengths that vary in another way.
    """
    if list(one) != list(other):
        raise ValueError("Names vary with the number of classes or channels.")
    parts = [
        _part(name, dimension, lengths)
        for name in one
        for dimension, lengths in enumerate(zip(one[name], other[name], strict=True))
        if lengths[0] != lengths[1]
    ]
    if larger is None or list(one) != list(larger):
        return Outline(tuple(parts))
    sized = {name: _size_parts(name, one[name], larger[name], size) for name in one if one[name] != larger[name]}
    teller = next((name for name, found in sized.items() if found), None)  # the first one will do
    told = sized[teller] if teller else []
    return Outline((*parts, *told), tuple(name for name in sized if name != teller))


def _part(name: str, dimension: int, lengths: tuple[int, int]) -> Part:
    roles: tuple[tuple[Role, tuple[int, int]], ...] = (("classes", CLASSES), ("channels", CHANNELS))
    for role, numbers in roles:
        times, rest = divmod(lengths[0], numbers[0])
        if not rest and lengths[1] == times * numbers[1]:
            return Part(role, name, dimension, times)
    raise ValueError(f"{name} is {lengths[0]} long and then {lengths[1]}.")


def _size_parts(name: str, one: tuple[int, ...], larger: tuple[int, ...], size: int) -> list[Part]:
    """Return how a shape tells the image size; none if it doesn't tell it in a way that is known."""
    if len(one) != len(larger):
        return []
    varying = [dimension for dimension in range(len(one)) if one[dimension] != larger[dimension]]
    if len(varying) == 1:
        (dimension,) = varying
        cell = math.isqrt(3 * size * size // max(1, larger[dimension] - one[dimension]))
        tokens = one[dimension] - (size // cell) ** 2 if cell else -1
        if cell and 0 <= tokens <= 16 and larger[dimension] - tokens == (2 * size // cell) ** 2:
            return [Part("size", name, dimension, cell, tokens, True)]
        return []
    parts = []
    for dimension in varying:
        cell, rest = divmod(size, one[dimension])
        if rest or larger[dimension] != 2 * one[dimension]:
            return []
        parts.append(Part("size", name, dimension, cell))
    return parts
