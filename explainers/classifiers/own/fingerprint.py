"""What the names and shapes of an architecture's tensors are turned into, so that a file can be compared with it.

Everything here works on shapes alone, (name: shape) in the order of the network, and imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple

import numpy as np

Shapes = Mapping[str, tuple[int, ...]]
Role = Literal["classes", "channels", "size"]

NOT_COMPARED = (  # releases differ in whether files have them, and networks compute them by themselves
    "num_batches_tracked",
    "relative_position_index",
    "relative_coords_table",
    "attention_bias_idxs",
    "attn_mask",
)
OF_LAYERS = ("weight", "bias", "running_mean", "running_var")
VARIES = -1  # stands for a length that is the file's own
HASH_BYTES = 6
SKETCH_BYTES = 32
EDGE = 8  # so many tensors at either end of a network are where its stem and its head are
_DRAWS = np.frombuffer(b"".join(blake2b(bytes([row])).digest() for row in range(8)), np.uint64).reshape(2, SKETCH_BYTES)


class Part(NamedTuple):
    """A length that isn't the architecture's own: dimension `dimension` of tensor `name`.

    role:  what the length tells.
    times, plus: the length is times * (classes or channels) + plus. An image size S is told by a side of S / times
           cells; where `square`, by the square of it, plus `plus` tokens.
    """

    role: Role
    name: str
    dimension: int
    times: int = 1
    plus: int = 0
    square: bool = False

    def told(self, shape: tuple[int, ...]) -> int | None:
        """Return what the shape of that tensor tells: classes, channels or image size. None where it can't be so."""
        if self.dimension >= len(shape):
            return None
        length = shape[self.dimension] - self.plus
        if self.role == "size":
            side = round(max(length, 0) ** 0.5) if self.square else length
            return side * self.times if length > 0 and (not self.square or side * side == length) else None
        return length // self.times if length > 0 and length % self.times == 0 else None


@dataclass(frozen=True)
class Outline:
    """Which tensors of an architecture vary with the number of classes, of channels, and with the image size.

    parts:   every length that varies and tells something.
    untold:  names of tensors that vary with the image size, and whose shape doesn't tell it.
    """

    parts: tuple[Part, ...]
    untold: tuple[str, ...] = ()

    def role(self, role: Role) -> tuple[Part, ...]:
        """Return the parts of one role."""
        return tuple(part for part in self.parts if part.role == role)

    @property
    def head(self) -> tuple[str, ...]:
        """The modules that give the classes."""
        return tuple(dict.fromkeys(part.name.rpartition(".")[0] for part in self.role("classes")))

    def without_head(self) -> Outline:
        """Return the outline of the body alone."""
        return Outline(tuple(part for part in self.parts if part.role != "classes"), self.untold)

    def without_size(self) -> Outline:
        """Return the outline for one image size, in which nothing varies with it."""
        return Outline(tuple(part for part in self.parts if part.role != "size"))

    def told(self, role: Role, shapes: Shapes) -> int | None:
        """Return what shapes tell of one role, if all its parts agree. None where they don't, or where none is."""
        answers = {part.told(shapes[part.name]) if part.name in shapes else None for part in self.role(role)}
        return answers.pop() if len(answers) == 1 else None


def compared(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """Return the tensors by which a file is compared with others."""
    return {name: tuple(shape) for name, shape in shapes.items() if is_compared(name)}


def is_compared(name: str) -> bool:
    """Whether a tensor is one that all files of an architecture have."""
    return name.rpartition(".")[2] not in NOT_COMPARED


def blanked(shapes: Shapes, outline: Outline) -> dict[str, tuple[int, ...]]:
    """Return shapes with VARIES for every length that varies by `outline`."""
    result = dict(shapes)
    for part in outline.parts:
        shape = result.get(part.name, ())
        result[part.name] = tuple(VARIES if at == part.dimension else side for at, side in enumerate(shape))
    for name in outline.untold:
        result[name] = ()
    return result


def without(shapes: Shapes, modules: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the tensors that are in none of these modules."""
    inside = tuple(f"{module}." for module in modules)
    return {name: shape for name, shape in shapes.items() if not name.startswith(inside)}


def named_hash(shapes: Shapes, outline: Outline) -> str:
    """Return a hash of names and shapes, whatever their order, and whatever the lengths that vary."""
    return _hash(sorted(_lines(blanked(shapes, outline))))


def ordered_hash(shapes: Shapes, outline: Outline) -> str:
    """Return a hash of shapes in order, whatever the lengths that vary, and whatever the names.

    Only what torch's own layers call their tensors must be the same: otherwise, in a file whose names are sorted, a
    weight and a bias of the same shape would be taken for each other.
    """
    lines = []
    for line in _lines(blanked(shapes, outline)):
        name, _, sides = line.rpartition(":")
        last = name.rpartition(".")[2]
        lines.append(f"{last if last in OF_LAYERS else ''}:{sides}")
    return _hash(lines)


def at_edges(shapes: Shapes, outline: Outline) -> Outline | None:
    """Return the outline with each name replaced by its place in the order, compared from the nearer end.

    None where a part lies further than EDGE from both ends: names can't be done without there.
    """
    places = {name: at for at, name in enumerate(shapes)}
    parts = []
    for part in outline.parts:
        start, end = places[part.name], places[part.name] - len(shapes)
        if min(start, -end) > EDGE:
            return None
        parts.append(part._replace(name=str(start if start <= -end else end)))
    return Outline(tuple(parts))


def by_place(shapes: Shapes, places: Outline) -> Outline | None:
    """Return the outline `at_edges` made, with this file's names for the places. None where the file is too short."""
    names = list(shapes)
    if len(names) < 2 * EDGE:
        return None
    return Outline(tuple(part._replace(name=names[int(part.name)]) for part in places.parts))


def sketch(shapes: Shapes) -> bytes:
    """Return a minhash: of two sketches, the share of equal bytes is about the share of tensors in common."""
    if not shapes:
        return bytes(SKETCH_BYTES)
    digests = b"".join(blake2b(_bytes(line), digest_size=8).digest() for line in _lines(shapes))
    values = np.frombuffer(digests, np.uint64)[:, None]
    mixed = values * _DRAWS[0] + _DRAWS[1]  # modulo 2**64
    least = (mixed ^ (mixed >> np.uint64(29))).min(0)
    return bytes((least % np.uint64(251)).astype(np.uint8))


def alike(one: bytes, other: bytes) -> float:
    """Return about which share of tensors two sketches have in common."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / SKETCH_BYTES


def _lines(shapes: Shapes) -> Sequence[str]:
    return [f"{name}:{'x'.join(map(str, shape))}" for name, shape in shapes.items()]


def _hash(lines: Iterable[str]) -> str:
    return blake2b(_bytes("\n".join(lines)), digest_size=HASH_BYTES).hexdigest()


def _bytes(text: str) -> bytes:
    """Return the bytes of a text, which may be a stranger's, with halves of characters."""
    return text.encode(errors="surrogatepass")
