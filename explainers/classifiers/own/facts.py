"""What a file says of its classifier besides the weights. All of it is a stranger's text until it is checked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

MAX_CLASSES = 100_000
MAX_LABEL = 200  # characters
MAX_ARCHITECTURE = 100
MAX_SIZE = 4096  # pixels
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
DEFAULT_CLASSES = 2  # of transformers, which doesn't write them into config.json then
RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
CLASS_COUNTS = ("num_classes", "n_classes", "num_labels", "nb_classes", "n_class", "classes", "out_features")
CLASS_NAMES = (
    "class_names",
    "labels",
    "label_names",
    "classes",
    "idx_to_class",
    "id2label",
    "class_to_idx",
    "label2id",
)
ARCHITECTURES = ("architecture", "arch", "model_name", "model_arch", "model", "backbone", "encoder_name", "network")
SIZES = ("img_size", "image_size", "input_size", "crop_size", "resolution")


@dataclass(frozen=True)
class FileFacts:
    """What a file itself says of its classifier; None where it says nothing.

    library:       "timm", "torchvision" or "transformers".
    architecture:  its name there.
    labels:        of the classes, in order.
    size:          of its input, in pixels, along the shorter side.
    mean, std:     per channel, of pixels from 0 to 1.
    interpolation: how pictures are scaled.
    crop_pct:      the input's share of the scaled picture's side.
    output:        what turns logits into probabilities.
    """

    library: str | None = None
    architecture: str | None = None
    classes: int | None = None
    labels: tuple[str, ...] | None = None
    size: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str | None = None
    crop_pct: float | None = None
    output: Literal["softmax", "sigmoid"] | None = None

    @classmethod
    def checked(cls, said: Mapping[str, Any]) -> FileFacts:
        """Keep of what a file says what has the right type and is within bounds."""
        labels = _labels(said.get("labels"))
        classes = _integer(said.get("classes"), 1, MAX_CLASSES)
        if labels and classes not in (None, len(labels)):
            labels = None
        return cls(
            library=_one_of(said.get("library"), ("timm", "torchvision", "transformers")),
            architecture=_text(said.get("architecture"), MAX_ARCHITECTURE),
            classes=len(labels) if labels else classes,
            labels=labels,
            size=_integer(said.get("size"), 1, MAX_SIZE),
            mean=_numbers(said.get("mean"), -10, 10),
            std=_numbers(said.get("std"), 1e-6, 1000),
            interpolation=_one_of(said.get("interpolation"), get_args(Interpolation)),
            crop_pct=_number(said.get("crop_pct"), 1e-3, 1),
            output=_one_of(said.get("output"), ("softmax", "sigmoid")),  # type: ignore[arg-type]
        )

    def as_json(self) -> dict[str, Any]:
        """Return what is said, as `checked` takes it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


NOTHING = FileFacts()


def from_training(content: Mapping[Any, Any]) -> FileFacts:
    """Return what timm's, torchvision's and Lightning's training files, and people's own, say beside the weights."""
    said: dict[str, Any] = {}
    for source in (content, content.get("hyper_parameters"), content.get("args"), content.get("config")):
        if not isinstance(source, Mapping):
            continue
        for key in CLASS_COUNTS:
            if _integer(source.get(key), 1, MAX_CLASSES):
                said["classes"] = source[key]
                break
        for key in CLASS_NAMES:
            if _labels(source.get(key)):
                said["labels"] = source[key]
                break
        for key in ARCHITECTURES:
            if _text(source.get(key), MAX_ARCHITECTURE):
                said["architecture"] = source[key]
                break
        for key in SIZES:
            if size := _side(source.get(key)):
                said["size"] = size
                break
        for key in ("mean", "std", "interpolation", "crop_pct"):
            if source.get(key) is not None:
                said[key] = source[key]
    if "architecture" in said and "args" in content and {"version", "metric"} & content.keys():
        said["library"] = "timm"
    return FileFacts.checked(said)


def from_timm(config: Mapping[str, Any]) -> FileFacts:
    """Return what the config.json of a timm folder says."""
    given = config.get("pretrained_cfg")
    view: Mapping[str, Any] = given if isinstance(given, dict) else {}
    return FileFacts.checked(
        {
            "library": "timm",
            "architecture": config.get("architecture"),
            "classes": config.get("num_classes"),
            "labels": config.get("label_names") or view.get("label_names"),
            "size": _side(view.get("input_size")),
            **{key: view.get(key) for key in ("mean", "std", "interpolation", "crop_pct")},
        }
    )


def from_hugging_face(config: Mapping[str, Any], processing: Mapping[str, Any]) -> FileFacts:
    """Return what the config.json and the preprocessor_config.json of a Hugging Face folder say."""
    names = config.get("architectures")
    labels = config.get("id2label")
    crop = _side(processing.get("crop_size")) if processing.get("do_center_crop") is not False else None
    size = _side(processing.get("size"))
    crop_pct = processing.get("crop_pct")
    if crop and size and crop <= size and crop_pct is None:
        crop_pct = crop / size
    scale = _number(processing.get("rescale_factor"), 1e-6, 1e6) if processing.get("do_rescale") is not False else 1
    factor = 255 * (scale or 1 / 255)  # of pixels from 0 to 1
    mean, std = _numbers(processing.get("image_mean"), -1000, 1000), _numbers(processing.get("image_std"), 1e-6, 1000)
    if processing.get("do_normalize") is False:
        mean, std = (0.0,) * 3, (1.0,) * 3
    resample = processing.get("resample")
    return FileFacts.checked(
        {
            "library": "transformers",
            "architecture": names[0] if isinstance(names, list) and names else config.get("model_type"),
            "classes": config.get("num_labels") or (len(labels) if isinstance(labels, dict) else DEFAULT_CLASSES),
            "labels": None if _are_placeholders(labels) else labels,
            "size": crop or size or _side(config.get("image_size")),
            "mean": mean and [value / factor for value in mean],
            "std": std and [value / factor for value in std],
            "interpolation": RESAMPLE.get(resample) if type(resample) is int else None,
            "crop_pct": crop_pct,
            "output": {"multi_label_classification": "sigmoid", "single_label_classification": "softmax"}.get(
                str(config.get("problem_type"))
            ),
        }
    )


def _are_placeholders(labels: Any) -> bool:
    """Whether labels are only the numbers that transformers fills in: LABEL_0, LABEL_1 ..."""
    return isinstance(labels, dict) and all(str(label).startswith("LABEL_") for label in labels.values())


def _labels(given: Any) -> tuple[str, ...] | None:
    """Return the labels in a list, or in a dict from or to their numbers, in order."""
    if isinstance(given, Mapping) and 0 < len(given) <= MAX_CLASSES:
        try:
            if all(type(value) is int for value in given.values()):
                numbered = {value: key for key, value in given.items()}
            else:
                numbered = {int(key): value for key, value in given.items()}
        except (TypeError, ValueError):
            return None
        if sorted(numbered) != list(range(len(given))):
            return None
        given = [numbered[number] for number in range(len(given))]
    if not isinstance(given, (list, tuple)) or not 0 < len(given) <= MAX_CLASSES:
        return None
    labels = tuple(label if (label := _text(item, MAX_LABEL)) else "" for item in given)
    return labels if all(labels) else None


def _text(value: Any, longest: int) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= longest and value.strip() and value.isprintable():
        return value.strip()
    return None


def _side(value: Any) -> int | None:
    """Return the shorter side of a size, however it is written."""
    if isinstance(value, Mapping):
        value = [side for key in ("shortest_edge", "height", "width") if (side := value.get(key)) is not None]
    elif not isinstance(value, (list, tuple)):
        value = [value]
    sides = [side for item in value[-2:] if (side := _integer(item, 1, MAX_SIZE))]
    return min(sides) if 0 < len(value) <= 3 and len(sides) == len(value[-2:]) else None


def _integer(value: Any, low: int, high: int) -> int | None:
    return value if type(value) is int and low <= value <= high else None


def _number(value: Any, low: float, high: float) -> float | None:
    return float(value) if type(value) in (int, float) and low <= value <= high else None


def _numbers(given: Any, low: float, high: float) -> tuple[float, ...] | None:
    if not isinstance(given, (list, tuple)) or len(given) not in (1, 3):
        return None
    values = [number for value in given if (number := _number(value, low, high)) is not None]
    return tuple(values) if len(values) == len(given) else None


def _one_of(value: Any, options: tuple[str, ...]) -> str | None:
    return value if isinstance(value, str) and value in options else None
