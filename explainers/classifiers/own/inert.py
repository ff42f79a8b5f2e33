"""What stands for the functions and classes that weights and training files name: plain values that do nothing.

A pickle may call them, set their attributes and put items into them. None of that reaches anything else.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from typing import Any

from explainers.classifiers.own.tensors import Storage, Tensor, Unreadable

STORAGES = {
    "FloatStorage": "F32",
    "DoubleStorage": "F64",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "UntypedStorage": "",
    "ComplexFloatStorage": "complex",
    "ComplexDoubleStorage": "complex",
    "QInt8Storage": "quantised",
    "QUInt8Storage": "quantised",
    "QInt32Storage": "quantised",
    "QUInt4x2Storage": "quantised",
    "QUInt2x4Storage": "quantised",
}
DTYPES = {
    "float32": "F32",
    "float64": "F64",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}
OTHER_DTYPES = (
    *("complex32", "complex64", "complex128", "uint16", "uint32", "uint64", "qint8", "quint8", "qint32"),
    *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2"),
    *("per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric"),
    "per_channel_affine_float_qparams",
)
SCALARS = {"f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H"}
SCALARS |= {"u4": "I", "u8": "Q", "b1": "?"}  # NumPy's data types, as `struct` writes them


class Plain(dict[Any, Any]):
    """A dict of any kind, such as an OrderedDict, without the attributes that it may have."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        pass


class Attributes(dict[Any, Any]):
    """The attributes of an object of a plain kind, such as argparse.Namespace."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.update(state)


class Ignored:
    """An object that nothing is read from, such as a NumPy array."""

    __slots__ = ()

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


class DataType:
    """A data type of NumPy's."""

    __slots__ = ("code",)

    def __init__(self, code: Any = "", *arguments: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        pass


class Known:
    """A function that a pickle may call. It can't be changed, as a pickle may change plain functions."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("a pickle changes a function")


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *more: Any) -> Any:
    metadata = more[2] if len(more) > 2 else None
    return _rebuilt(storage, offset, shape, strides, storage.dtype, metadata)


def _typed_tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, grad: Any, hooks: Any, dtype: Any, metadata: Any = None
) -> Any:
    return _rebuilt(storage, offset, shape, strides, dtype, metadata)


def _rebuilt(storage: Any, offset: Any, shape: Any, strides: Any, dtype: Any, metadata: Any) -> Any:
    if not isinstance(storage, Storage) or not isinstance(shape, tuple):
        raise pickle.UnpicklingError("a tensor without a storage or a shape")
    if dtype in ("complex", "quantised"):
        return Unreadable(dtype, shape)
    if metadata:  # which asks for its numbers to be negated or conjugated
        return Unreadable("a negated or conjugated view", shape)
    return Tensor(storage, dtype, offset, shape, strides)


def _unreadable(kind: str, shape_at: int | None = None) -> Known:
    return Known(lambda *given: Unreadable(kind, () if shape_at is None else tuple(given[shape_at])))


def _scalar(dtype: Any, data: Any = b"") -> Any:
    """A NumPy number as a plain one; None for one of an unusual type."""
    code = SCALARS.get(dtype.code) if isinstance(dtype, DataType) and isinstance(dtype.code, str) else None
    return struct.unpack(f"<{code}", data)[0] if code else None


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes, as protocols before 3 write them."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("bytes of an unusual kind")
    return text.encode("latin-1")


def _path(*parts: Any) -> str:
    return "/".join(part for part in parts if isinstance(part, str))


KNOWN: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor"): Known(_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Known(_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): Known(_typed_tensor),
    ("torch._utils", "_rebuild_parameter"): Known(lambda data, *more: data),
    ("torch._utils", "_rebuild_parameter_with_state"): Known(lambda data, *more: data),
    ("torch._tensor", "_rebuild_from_type_v2"): Known(
        lambda function, kind, arguments, state: function(*arguments) if isinstance(function, Known) else Ignored()
    ),
    ("torch._utils", "_rebuild_qtensor"): _unreadable("quantised", 2),
    ("torch._utils", "_rebuild_sparse_tensor"): _unreadable("sparse"),
    ("torch._utils", "_rebuild_sparse_csr_tensor"): _unreadable("sparse"),
    ("torch._utils", "_rebuild_nested_tensor"): _unreadable("nested"),
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): _unreadable("empty (on the device meta)", 1),
    ("torch._utils", "_rebuild_wrapper_subclass"): _unreadable("a wrapper of another", 2),
    ("torch._utils", "_rebuild_device_tensor_from_numpy"): _unreadable("of an unusual device"),
    ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"): Known(lambda data, *more: data),
    ("torch.serialization", "_get_layout"): Known(lambda name: name),
    ("torch.nn.parameter", "Parameter"): "Parameter",
    ("torch.nn.parameter", "Buffer"): "Buffer",
    ("torch", "Tensor"): "Tensor",
    ("torch", "Size"): Known(tuple),
    ("torch", "device"): Known(lambda *given: str(given[0]) if given and isinstance(given[0], str) else ""),
    ("collections", "OrderedDict"): Plain,
    ("collections", "Counter"): Plain,
    ("collections", "defaultdict"): Known(lambda *given: Plain()),
    ("collections", "deque"): Known(lambda items=(), *more: list(items)),
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "complex"): complex,
    ("builtins", "bytearray"): Known(lambda *given: b""),
    ("builtins", "slice"): Known(lambda *given: None),
    ("builtins", "list"): "list",  # the factories of a defaultdict
    ("builtins", "dict"): "dict",
    ("builtins", "int"): "int",
    ("builtins", "float"): "float",
    ("_codecs", "encode"): Known(_encoded),
    ("argparse", "Namespace"): Attributes,
    ("types", "SimpleNamespace"): Attributes,
    ("datetime", "datetime"): Ignored,
    ("datetime", "timedelta"): Ignored,
    ("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"): "ModelCheckpoint",  # keys before release 1.5
    ("pytorch_lightning.callbacks.early_stopping", "EarlyStopping"): "EarlyStopping",
    ("numpy", "ndarray"): Ignored,
    ("numpy", "dtype"): DataType,
}
KNOWN |= {(module, name): f"storage {name}" for module in ("torch", "torch.cuda", "torch.storage") for name in STORAGES}
KNOWN |= {("torch", name): code for name, code in DTYPES.items()}
KNOWN |= {("torch", name): f"torch.{name}" for name in OTHER_DTYPES}
KNOWN |= {(f"numpy.{core}.multiarray", "scalar"): Known(_scalar) for core in ("core", "_core")}
KNOWN |= {(f"numpy.{core}.multiarray", "_reconstruct"): Ignored for core in ("core", "_core")}
KNOWN |= {(f"numpy.{core}.numeric", "_frombuffer"): Ignored for core in ("core", "_core")}
KNOWN |= {
    (module, f"{pure}{kind}Path"): Known(_path)
    for module in ("pathlib", "pathlib._local")
    for pure in ("", "Pure")
    for kind in ("", "Posix", "Windows")
}
KNOWN |= {
    (module, "AttributeDict"): Plain
    for module in (
        "pytorch_lightning.utilities.parsing",
        "lightning.pytorch.utilities.parsing",
        "lightning_fabric.utilities.data",
        "lightning.fabric.utilities.data",
    )
}
KNOWN_NAMES = frozenset(f"{module}.{name}" for module, name in KNOWN)
