"""Turns every architecture into a row of the table."""

from __future__ import annotations

import multiprocessing
import re
import warnings
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import torch
from torch import nn
from torchvision import models

from explainers.classifiers.own.fingerprint import (
    Outline,
    Shapes,
    at_edges,
    blanked,
    compared,
    ordered_hash,
    sketch,
    without,
)
from explainers.classifiers.own.matching import hashed, outline_of
from explainers.classifiers.own.table import CONFIGURATION, Architecture, Fingerprint
from tools.architectures.building import USUAL_CHANNELS, Build, every_build, without_initial_weights
from tools.architectures.outlining import CHANNELS, CLASSES, outline
from tools.architectures.traits import traits_of

PROCESSES = 2


def survey(builds: Iterable[Build] | None = None) -> list[tuple[str, Fingerprint]]:
    """Return the keys and fingerprints of all architectures that classify, in the order of `every_build`."""
    chosen = list(every_build() if builds is None else builds)
    with multiprocessing.get_context("fork").Pool(PROCESSES, _settle) as pool:
        rows = pool.imap(row_of, chosen, chunksize=4)
        return [(key, row) for key, row in rows if row.outline.role("classes")]  # others only encode


def row_of(build: Build) -> tuple[str, Fingerprint]:
    """Return the key and the fingerprint of one architecture."""
    with warnings.catch_warnings(), without_initial_weights():
        warnings.simplefilter("ignore")  # of builders that are deprecated, and that weights would be drawn
        network = build.network(CLASSES[0], CHANNELS[0])
        architecture = _architecture(build, network)
        shapes = _shapes(network)
        other = _shapes(build.network(CLASSES[1], CHANNELS[1]))
        found = outline(shapes, other, _larger(build, architecture.size), architecture.size)
    return _key(build), fingerprint_of(architecture, shapes, found)


def fingerprint_of(architecture: Architecture, shapes: Shapes, found: Outline) -> Fingerprint:
    """Return the fingerprint of an architecture with these tensors."""
    ordered = Outline(found.parts)
    places = at_edges(shapes, ordered)
    return Fingerprint(
        architecture,
        len(shapes),
        found,
        places,
        named=hashed("named", shapes, found),
        sizeless=hashed("sizeless", shapes, found),
        ordered=ordered_hash(shapes, ordered) if places else "",
        headless=hashed("headless", shapes, found),
        trunk=hashed("trunk", shapes, found),
        sketch=sketch(blanked(without(shapes, found.head), outline_of("headless", found))),
    )


def _settle() -> None:
    torch.set_num_threads(1)


def _shapes(network: nn.Module) -> Shapes:
    return compared({name: tuple(value.shape) for name, value in network.state_dict().items()})


def _larger(build: Build, size: int) -> Shapes | None:
    """Return the shapes for pictures twice as large, if there is such a network."""
    with suppress(Exception):  # most take no size; others fail in ways of their own
        return _shapes(build.network(CLASSES[0], CHANNELS[0], 2 * size))
    return None


def _key(build: Build) -> str:
    """Return the key of an architecture: the form of a file with or without auxiliary heads is of the same one."""
    plain = build.library == "torchvision" and dict(build.settings).get("transform_input") is False
    return f"{build.library}/{build.name}" + (" from scratch" if plain else "")


def _architecture(build: Build, network: nn.Module) -> Architecture:
    """Return what is known of an architecture. An auxiliary head is for training alone, so it is never built."""
    settings = tuple((name, value and name != "aux_logits") for name, value in build.settings)
    words = _torchvision_words(build.name) if _has_torchvision(build.name) else build.name
    given = _torchvision_preprocessing(build.name) if build.library == "torchvision" else _timm_preprocessing(network)
    return Architecture(
        library=build.library,
        name=build.name,
        told=words,
        **dict(zip(CONFIGURATION, given, strict=True)),
        settings=settings,
        traits=traits_of(network),
    )


def _torchvision_preprocessing(name: str) -> tuple[Any, ...]:
    """Return the CONFIGURATION of the published weights for the smallest pictures."""
    presets = [weights.transforms() for weights in models.get_model_weights(name)]
    preset = min(presets, key=lambda preset: preset.crop_size[0])
    (size,), (resize,) = preset.crop_size, preset.resize_size
    return (
        USUAL_CHANNELS,
        size,
        tuple(preset.mean),
        tuple(preset.std),
        preset.interpolation.value,
        round(size / resize, 4),
    )


def _timm_preprocessing(network: nn.Module) -> tuple[Any, ...]:
    given: Any = network.pretrained_cfg
    channels, _, size = given["input_size"]
    sides = getattr(getattr(network, "patch_embed", None), "img_size", None)
    if isinstance(sides, tuple) and len({*sides}) == 1:
        (size,) = {*sides}  # one configuration names another size than its builder
    return channels, size, *(tuple(given[key]) for key in ("mean", "std")), given["interpolation"], given["crop_pct"]


def _has_torchvision(name: str) -> bool:
    return name in models.list_models(module=models)


def _torchvision_words(name: str) -> str:
    """Return what people call an architecture: "ResNet-34", "VGG-16 BN"."""
    words = models.get_model_weights(name).__name__.removesuffix("_Weights").replace("_", " ")
    if name.startswith(("mnasnet", "squeezenet", "regnet", "shufflenet")):
        words = re.sub(r"(?<=\d) (?=\d)", ".", words)
    return re.sub(r"(?<=[A-Za-z]{3})(?=\d{2})", "-", words)
