"""Tensors that promise what isn't there, and pickles and headers that would take the machine's memory or time."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.hostile_files.making import (
    START,
    STOP,
    Hostile,
    called,
    named,
    safetensors_file,
    state,
    tensor,
    torch_file,
    value,
)

MILLION, HUGE = 10**6, 10**12
LIST, TUPLE1, MARK = pickle.EMPTY_LIST, pickle.TUPLE1, pickle.MARK
FOUR = struct.pack("<4f", 1, 2, 3, 4)


def _torch(data: Callable[[], bytes], **more: Any) -> Callable[[Path], Path]:
    return lambda folder: torch_file(data(), folder / "weights.pth", **more)


def _one(**given: Any) -> Callable[[Path], Path]:
    """A file with one tensor."""
    return _torch(lambda: state(w=tensor(**given)))


def _header(header: Callable[[], Any], **more: Any) -> Callable[[Path], Path]:
    return lambda folder: safetensors_file(header(), FOUR, folder / "model.safetensors", **more)


def _entry(**change: Any) -> dict[str, Any]:
    return {"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | change}


def _colliding() -> bytes:
    """A dict whose keys all have the same hash."""
    return START + value({number * (2**61 - 1): None for number in range(1, 60_000)}) + STOP


def _cycle() -> bytes:
    return START + pickle.EMPTY_DICT + pickle.BINPUT + b"\0" + value("state_dict") + pickle.BINGET + b"\0s" + STOP


PICKLES = (
    Hostile("a shape of 10^12 numbers", _one(shape=(MILLION, MILLION), strides=(MILLION, 1), count=HUGE)),
    Hostile("a shape whose product overflows", _one(shape=(2**62, 4), strides=(4, 1))),
    Hostile("a shape of a number with 10,000 digits", _one(shape=(10**10_000,), strides=(1,))),
    Hostile("a negative size", _one(shape=(-2, -2))),
    Hostile("negative strides", _one(strides=(-2, -1))),
    Hostile("a negative offset", _one(offset=-4)),
    Hostile("an offset behind the end", _one(offset=2**40)),
    Hostile("four numbers expanded to 10^12", _one(shape=(MILLION, MILLION), strides=(0, 0))),
    Hostile("windows that overlap, 10^10 numbers", _one(shape=(2, 10**5, 10**5), strides=(1, 0, 0))),
    Hostile("a shape of fractions", _one(shape=(2.0, 2.0))),
    Hostile("100,000 axes", _torch(lambda: state(w=tensor((1,) * 10**5, (1,) * 10**5)))),
    Hostile("more strides than axes", _one(strides=(4, 2, 1))),
    Hostile("a storage named ../../../etc/passwd", _one(key="../../../etc/passwd")),
    Hostile(
        "3,000 tensors that share one megabyte",
        _torch(
            lambda: state(**{f"w{n}": tensor((250_000,), (1,), count=250_000) for n in range(3_000)}),
            storages={"0": bytes(10**6)},
        ),
    ),
    Hostile("50,000 tensors", _torch(lambda: state(**{f"w{number}": tensor() for number in range(50_000)}))),
    Hostile("a name of a million characters", _torch(lambda: state(**{"w" * MILLION: tensor()}))),
    Hostile("a name that moves the cursor and rings", _torch(lambda: state(**{"\x1b[2J\a\u202ew": tensor()}))),
    Hostile(
        "weights that are NaN",
        lambda folder: torch_file(
            state(w=tensor()), folder / "weights.pth", {"0": struct.pack("<4f", 1, float("nan"), float("inf"), 1)}
        ),
    ),
    Hostile("quantised", _one(kind="QInt8Storage")),
    Hostile("complex", _one(kind="ComplexFloatStorage")),
    Hostile("sparse", _torch(lambda: state(w=called(named("torch._utils", "_rebuild_sparse_tensor"), "coo", ())))),
    Hostile("a dict that holds itself", _torch(_cycle)),
    Hostile("a million tuples, each within another", _torch(lambda: START + b")" + TUPLE1 * MILLION + STOP)),
    Hostile(
        "a million tuples, each within another, as a name",
        _torch(lambda: START + b"}" + b")" + TUPLE1 * MILLION + b"Ns" + STOP),
    ),
    Hostile("an entry of the memo beyond the memory", _torch(lambda: START + b"}r\xff\xff\xff\x7f" + STOP)),
    Hostile("a text of 2^60 bytes", _torch(lambda: b"\x80\x04" + pickle.BINUNICODE8 + struct.pack("<Q", 2**60) + STOP)),
    Hostile("bytes of 10^12", _torch(lambda: b"\x80\x05" + pickle.BYTEARRAY8 + struct.pack("<Q", HUGE) + STOP)),
    Hostile("a number with 10 million digits", _torch(lambda: b"I" + b"9" * 10**7 + b"\n" + STOP)),
    Hostile("20 million lists", _torch(lambda: START + b"(" + LIST * (20 * MILLION) + b"l" + STOP)),
    Hostile("60,000 keys with the same hash", _torch(_colliding)),
    Hostile("ten million marks", _torch(lambda: START + MARK * (10 * MILLION) + STOP)),
)
HEADERS = (
    Hostile("a header of 2^63 bytes", _header(_entry, length=2**63)),
    Hostile("a header longer than the file", _header(_entry, length=1000)),
    Hostile("10^12 numbers", _header(lambda: _entry(shape=[MILLION, MILLION], data_offsets=[0, 4 * HUGE]))),
    Hostile("10^12 numbers in 16 bytes", _header(lambda: _entry(shape=[MILLION, MILLION]))),
    Hostile("negative sizes", _header(lambda: _entry(shape=[-2, -2]))),
    Hostile("an end before its start", _header(lambda: _entry(data_offsets=[16, 0]))),
    Hostile("tensors that share bytes", _header(lambda: _entry() | {"v": _entry()["w"]})),
    Hostile("JSON of depth 100,000", _header(lambda: b'{"w":' + b"[" * 10**5 + b"]" * 10**5 + b"}")),
    Hostile("a tensor named twice", _header(lambda: b'{"w":' + json.dumps(_entry()["w"]).encode() + b',"w":{}}')),
    Hostile("a header that isn't JSON", _header(lambda: b"{" + bytes(range(200)))),
    Hostile("a header that is a list", lambda folder: safetensors_file([1, 2], FOUR, folder / "model.safetensors")),
    Hostile("numbers of 4 bits", _header(lambda: _entry(dtype="F4", shape=[32]))),
    Hostile(
        "20,000 empty tensors",
        _header(
            lambda: {f"{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(20_000)}
        ),
    ),
)
