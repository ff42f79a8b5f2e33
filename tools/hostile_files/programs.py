"""Pickles that name a program: each would make the canary if it ran."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.hostile_files.making import (
    CANARY,
    START,
    STOP,
    Hostile,
    called,
    legacy_file,
    named,
    state,
    tensor,
    torch_file,
    value,
)

CALLS: dict[tuple[str, str], Callable[[str], tuple[Any, ...]]] = {  # what is called, and with what, for a canary's path
    ("os", "system"): lambda canary: (f"touch {canary}",),
    ("posix", "system"): lambda canary: (f"touch {canary}",),
    ("builtins", "eval"): lambda canary: (f"open({canary!r}, 'w')",),
    ("builtins", "exec"): lambda canary: (f"open({canary!r}, 'w')",),
    ("__builtin__", "eval"): lambda canary: (f"open({canary!r}, 'w')",),
    ("builtins", "open"): lambda canary: (canary, "w"),
    ("builtins", "getattr"): lambda canary: ("", "join"),
    ("builtins", "__import__"): lambda canary: ("antigravity",),
    ("importlib", "import_module"): lambda canary: ("antigravity",),
    ("subprocess", "check_output"): lambda canary: (["touch", canary],),
    ("subprocess", "Popen"): lambda canary: (["touch", canary],),
    ("pty", "spawn"): lambda canary: (["touch", canary],),
    ("runpy", "run_path"): lambda canary: (f"{canary}.py",),
    ("timeit", "timeit"): lambda canary: (f"open({canary!r}, 'w')", "pass"),
    ("pathlib", "Path.touch"): lambda canary: (called(named("pathlib", "PosixPath"), canary),),
    ("shutil", "copy"): lambda canary: (__file__, canary),
    ("os", "mkdir"): lambda canary: (canary,),
    ("ctypes", "CDLL"): lambda canary: (f"{canary}.so",),
    ("pickle", "loads"): lambda canary: (b"",),
    ("torch", "load"): lambda canary: (f"{canary}.pt",),
    ("torch.hub", "load"): lambda canary: (canary, "model"),
    ("torch.storage", "_load_from_bytes"): lambda canary: ("",),
    ("torch.serialization", "load"): lambda canary: (f"{canary}.pt",),
    ("numpy", "save"): lambda canary: (canary, 1),
    ("numpy.testing._private.utils", "runstring"): lambda canary: (f"open({canary!r}, 'w')", {}),
}


def _canary(folder: Path) -> str:
    return str(folder / CANARY)


def _call(module: str, name: str, folder: Path) -> bytes:
    return called(named(module, name), *CALLS[module, name](_canary(folder)))


def _in_torch(module: str, name: str) -> Hostile:
    def make(folder: Path) -> Path:
        return torch_file(state(w=tensor(), x=_call(module, name, folder)), folder / "weights.pth")

    return Hostile(f"calls {module}.{name}", make)


def _system(folder: Path) -> bytes:
    return _call("os", "system", folder)


def _pickle(data: Callable[[Path], bytes], name: str = "weights.pth") -> Callable[[Path], Path]:
    """Write a pickle in a file of torch's."""
    return lambda folder: torch_file(data(folder), folder / name)


def _bare(data: Callable[[Path], bytes], name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data(folder))
        return folder / name

    return make


def _stack_global(folder: Path) -> bytes:
    """Names put together on the stack, as protocol 4 does; a dot leads further into a module that is allowed."""
    names = value("torch") + value("serialization.os.system")
    return pickle.PROTO + b"\x04" + names + pickle.STACK_GLOBAL + value((f"touch {_canary(folder)}",)) + b"R" + STOP


def _built(folder: Path) -> bytes:
    """A function that is allowed, whose code is replaced."""
    changed = named("torch._utils", "_rebuild_tensor_v2") + value((None, {"_function": _canary(folder)})) + pickle.BUILD
    return START + changed + STOP


def _instance(folder: Path) -> bytes:
    """A call in the words of protocol 0."""
    return b"(S'touch " + _canary(folder).encode() + b"'\nios\nsystem\n."


def _extension(folder: Path) -> bytes:
    return START + pickle.EXT1 + b"\x01" + STOP


PROGRAMS = (
    *(_in_torch(module, name) for module, name in CALLS),
    Hostile(
        "os.system, before release 1.6", lambda folder: legacy_file(state(x=_system(folder)), folder / "weights.pth")
    ),
    Hostile("os.system, a bare pickle", _bare(lambda folder: state(x=_system(folder)), "model.pkl")),
    Hostile("os.system, a bare pickle of protocol 0", _bare(_instance, "model.joblib")),
    Hostile("os.system, named on the stack", _pickle(_stack_global)),
    Hostile("os.system as a tensor's hook", _pickle(lambda folder: state(w=tensor(hooks=_system(folder))))),
    Hostile("os.system as a tensor's shape", _pickle(lambda folder: state(w=tensor(_system(folder))))),
    Hostile("os.system as a storage's key", _pickle(lambda folder: state(w=tensor(key=_system(folder))))),
    Hostile("os.system as a storage's type", _pickle(lambda folder: state(w=tensor(kind="os.system")))),
    Hostile(
        "os.system in a tensor of another type",
        _pickle(
            lambda folder: state(
                w=called(
                    named("torch._tensor", "_rebuild_from_type_v2"),
                    named("os", "system"),
                    named("torch", "Tensor"),
                    (f"touch {_canary(folder)}",),
                    {},
                )
            )
        ),
    ),
    Hostile(
        "os.system in a timm training file's settings",
        _pickle(
            lambda folder: state(state_dict={"w": tensor()}, args=_system(folder), arch="resnet18"), "best.pth.tar"
        ),
    ),
    Hostile(
        "os.system among Lightning's hyper-parameters",
        _pickle(
            lambda folder: state(
                **{
                    "pytorch-lightning_version": "2.5",
                    "state_dict": {"w": tensor()},
                    "hyper_parameters": _system(folder),
                }
            ),
            "last.ckpt",
        ),
    ),
    Hostile("a function that is allowed is changed", _pickle(_built)),
    Hostile("an entry of the registry of extensions", _pickle(_extension)),
    Hostile(
        "bytes in a codec that unpacks",
        _pickle(lambda folder: state(x=called(named("_codecs", "encode"), "x", "zlib"))),
    ),
    Hostile(
        "a NumPy object with a pickle in it",
        _pickle(
            lambda folder: state(
                w=called(
                    named("numpy._core.multiarray", "scalar"),
                    called(named("numpy", "dtype"), "O8", False, True),
                    called(named("_codecs", "encode"), state(x=_system(folder)).decode("latin-1"), "latin1"),
                )
            )
        ),
    ),
)
