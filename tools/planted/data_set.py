"""A made data set as files, with a classifier that has learnt from it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from explainers.classifiers import Classifier
from explainers.lessons.drawings import SHAPES, SIDE
from explainers.lessons.training import MEAN, STD, train, untrained
from tools.planted.drawing import Drawn

NAME, VARIABLE = "planted", "WHYPIXEL_PLANTED"  # of the classifier; of the folder that its weights are in
PICTURES, WEIGHTS, TRUTH = "pictures", "weights.safetensors", "planted.json"


def write(folder: Path, drawn: Drawn) -> None:
    """Write the pictures into folders named after their shapes, and the paths of the planted ones into a list."""
    planted = []
    for number, (picture, index) in enumerate(zip(drawn.pictures, drawn.classes.tolist(), strict=True)):
        path = folder / PICTURES / SHAPES[index] / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((picture * 255).round().byte().permute(1, 2, 0).numpy()).save(path)
        if drawn.planted[number]:
            planted.append(path.relative_to(folder / PICTURES).as_posix())
    (folder / TRUTH).write_text(json.dumps(planted))


def learn(folder: Path, drawn: Drawn, seed: int) -> None:
    """Train the network of the lesson on the data set, and write its weights.

    A seed's network depends on the number of torch's threads.
    """
    generator = torch.Generator().manual_seed(seed)
    network = untrained(generator)
    for _ in train(network, drawn.pictures, drawn.classes, generator):
        pass
    save_file(network.state_dict(), folder / WEIGHTS)


def classifier(folder: Path) -> Classifier:
    """Return the classifier that has learnt from the data set of a folder."""
    network = untrained(torch.Generator())
    network.load_state_dict(load_file(folder / WEIGHTS))
    return Classifier(
        network.eval(), SHAPES, size=(SIDE, SIDE), mean=(MEAN,) * 3, std=(STD,) * 3, device="cpu", name=NAME
    )


def classifiers() -> dict[str, Classifier]:
    """Return the classifier of the folder that WHYPIXEL_PLANTED names, for WHYPIXEL_CLASSIFIERS: the page opens a run
    of `--out` with both set.
    """
    return {NAME: classifier(Path(os.environ[VARIABLE]))}


def planted(folder: Path) -> frozenset[str]:
    """Return the paths of the planted pictures within the folder of pictures."""
    return frozenset(json.loads((folder / TRUTH).read_text()))
