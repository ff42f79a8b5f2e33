"""The plain program that `command_line` is measured against: Grad-CAM by Captum, one photo a call, nothing checked.

    python -m tools.benchmark.captum_loop FOLDER WEIGHTS     MobileNetV2's weights, as `torch.save` wrote them

It imports nothing of Whypixel's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from captum.attr import LayerGradCam
from PIL import Image
from torchvision import models, transforms


def main(folder: Path, weights: Path) -> None:
    network = models.mobilenet_v2()
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.eval()
    see = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    method = LayerGradCam(network, network.features)
    for path in sorted(folder.iterdir()):
        with Image.open(path) as file:
            picture = see(file.convert("RGB"))[None]
        with torch.no_grad():
            index = int(network(picture).argmax())
        values = method.attribute(picture, index).relu().detach()
        print(f"{path}: {index}, {float(values.max()):.4g}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
