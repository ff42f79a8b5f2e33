"""What an architecture's code does that no tensor shows, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import nn

ACTIVATIONS = {
    "ReLU",
    "ReLU6",
    "GELU",
    "GELUTanh",
    "QuickGELU",
    "SiLU",
    "Swish",
    "Mish",
    "Hardswish",
    "HardSwish",
    "LeakyReLU",
    "PReLU",
    "Tanh",
    "StarReLU",
    "SquaredReLU",
    "ELU",
    "SELU",
    "Softplus",
}
NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "RmsNorm", "InstanceNorm")
POOLS = {"MaxPool2d": "max", "AvgPool2d": "average", "BlurPool2d": "blur", "MaxPool2dSame": "max"}


def traits_of(network: nn.Module) -> tuple[tuple[str, str], ...]:
    """Return pairs of what is told and the words that tell it: ("padding", "SAME padding")."""
    return tuple((told, words) for told, find in TRAITS.items() if (words := find(network)))


def _epsilons(network: nn.Module) -> str:
    epsilons: dict[str, set[float]] = {}
    for module in network.modules():
        kind = next((norm for norm in NORMS if norm in type(module).__name__), None)
        if kind and isinstance(epsilon := getattr(module, "eps", None), float):
            epsilons.setdefault(kind, set()).add(epsilon)
    return "; ".join(f"{kind}'s epsilon {_listed(found, 'g')}" for kind, found in sorted(epsilons.items()))


def _padding(network: nn.Module) -> str:
    kinds = {type(module).__name__ for module in network.modules()}
    dynamic = any(getattr(module, "dynamic_padding", False) for module in network.modules())
    return "SAME padding" if dynamic or any("Same" in kind for kind in kinds) else "padding on both sides"


def _activations(network: nn.Module) -> str:
    return " and ".join(sorted({type(module).__name__ for module in network.modules()} & ACTIVATIONS))


def _pools(network: nn.Module) -> str:
    pools = {POOLS[kind] for module in network.modules() if (kind := type(module).__name__) in POOLS}
    return f"{' and '.join(sorted(pools))} pooling" if pools else "no pooling on the way"


def _heads(network: nn.Module) -> str:
    found = (getattr(module, "num_heads", None) for module in network.modules())
    heads = {heads for heads in found if isinstance(heads, int)}
    return f"{_listed(heads, 'd')} attention heads" if heads else ""


def _windows(network: nn.Module) -> str:
    sides = _sides(network, "window_size", "partition_size")
    before = _sides(network, "pretrained_window_size")  # by which positions are scaled
    words = f"windows of {_listed(sides, 'd')} cells" if sides else ""
    return f"{words}, scaled from {_listed(before, 'd')}" if words and before else words


def _sides(network: nn.Module, *names: str) -> set[int]:
    """The lengths above 0 that modules have under these names."""
    found = (getattr(module, name, None) for module in network.modules() for name in names)
    return {max(pair) for pair in found if isinstance(pair, tuple) and max(pair) > 0}


def _final_pool(network: nn.Module) -> str:
    pool = getattr(network, "global_pool", "")
    return {"avg": "its head reads the average of all cells", "token": "its head reads the class token"}.get(
        pool if isinstance(pool, str) else "", ""
    )


def _proportions(network: nn.Module) -> str:
    keeps = [
        module.pos_embed_ar_preserving for module in network.modules() if hasattr(module, "pos_embed_ar_preserving")
    ]
    return ("positions keep their proportions" if any(keeps) else "positions fill the picture") if keeps else ""


TRAITS: dict[str, Callable[[nn.Module], str]] = {
    "epsilon": _epsilons,
    "padding": _padding,
    "activation": _activations,
    "pooling": _pools,
    "heads": _heads,
    "windows": _windows,
    "final pool": _final_pool,
    "proportions": _proportions,
}


def _listed(values: Iterable[float], form: str) -> str:
    return ", ".join(format(value, form) for value in sorted(values))
