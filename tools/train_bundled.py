"""Train the bundled classifier from scratch on 100 everyday classes of Tiny ImageNet (64 px, 500 pictures a class).

    python -m tools.train_bundled tiny-imagenet-200/ explainers/classifiers/classes.csv pocketnet.safetensors

About 70 minutes on two CPU cores with bfloat16 (AMX).
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from explainers.classifiers.pocketnet import PocketNet

SIDE = 64
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1) * 255
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1) * 255
EPOCHS, BATCH_SIZE, PEAK_RATE = 25, 128, 0.15  # the last is the peak learning rate
CROP_SIDES = (40, 72)  # pixels, least and most, of the crop that is scaled to 64 px


def load(root: Path, wnids: list[str]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Read the data set's pictures (N, 3, 64, 64) uint8 and labels (N,) for training, then those for validation."""
    index = {wnid: number for number, wnid in enumerate(wnids)}
    training = [
        (path, index[wnid]) for wnid in wnids for path in sorted((root / "train" / wnid / "images").glob("*.JPEG"))
    ]
    rows = [line.split("\t")[:2] for line in (root / "val" / "val_annotations.txt").read_text().splitlines()]
    validation = [(root / "val" / "images" / name, index[wnid]) for name, wnid in rows if wnid in index]

    def tensors(items: list[tuple[Path, int]]) -> tuple[Tensor, Tensor]:
        pictures = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in items])
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), torch.tensor([label for _, label in items])

    return *tensors(training), *tensors(validation)


def augment(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Augment and normalise pictures (N, 3, 64, 64) uint8: one zoom per batch; shift, mirror, colours per picture."""
    count, pad = len(pictures), 8
    side = int(torch.randint(CROP_SIDES[0], CROP_SIDES[1] + 1, (1,), generator=generator))
    batch = F.pad(pictures.float(), (pad,) * 4, mode="reflect")
    lowest = 0 if side > SIDE else pad // 2
    top, left = (
        torch.randint(lowest, SIDE + 2 * pad - side - lowest + 1, (count,), generator=generator) for _ in range(2)
    )
    steps = torch.arange(side)
    batch = batch[
        torch.arange(count)[:, None, None, None],
        torch.arange(3)[None, :, None, None],
        (top[:, None] + steps)[:, None, :, None],
        (left[:, None] + steps)[:, None, None, :],
    ]
    if side != SIDE:
        batch = F.interpolate(batch, size=SIDE, mode="bilinear", antialias=True)
    mirrored = torch.rand(count, generator=generator) < 0.5
    batch[mirrored] = batch[mirrored].flip(3)
    gain, contrast, colour = (1 + (torch.rand(count, 1, 1, 1, generator=generator) - 0.5) * 0.6 for _ in range(3))
    mean, grey = batch.mean((1, 2, 3), keepdim=True), batch.mean(1, keepdim=True)
    batch = grey + (batch - grey) * colour
    return (((batch - mean) * contrast + mean * gain).clamp(0, 255) - MEAN) / STD


@torch.inference_mode()
def accuracy(network: nn.Module, pictures: Tensor, labels: Tensor) -> tuple[float, float]:
    """Measure the top-1 and top-5 accuracy in per cent."""
    network.eval()
    batches = ((batch.float() - MEAN) / STD for batch in torch.split(pictures, 500))
    best = torch.cat([network(batch.to(memory_format=torch.channels_last)).topk(5).indices for batch in batches])
    hits = best == labels[:, None]
    return 100 * hits[:, 0].float().mean().item(), 100 * hits.any(1).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder tiny-imagenet-200")
    parser.add_argument("classes", type=Path, help="CSV: WordNet id, name")
    parser.add_argument("out", type=Path, help="safetensors file, float16")
    options = parser.parse_args()
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    with options.classes.open(newline="", encoding="utf-8") as rows:
        wnids = [wnid for wnid, _ in csv.reader(rows)]
    pictures, labels, val_pictures, val_labels = load(options.data, wnids)
    network = PocketNet(len(wnids)).to(memory_format=torch.channels_last)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)  # type: ignore[no-untyped-call]
    loss_function = nn.CrossEntropyLoss(label_smoothing=0.1)
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in network.parameters() if parameter.ndim > 1], "weight_decay": 5e-4},
        {"params": [parameter for parameter in network.parameters() if parameter.ndim <= 1]},
    ]
    optimiser = torch.optim.SGD(groups, lr=PEAK_RATE, momentum=0.9, nesterov=True)
    per_epoch = len(pictures) // BATCH_SIZE

    def rate_factor(step: int) -> float:
        progress = step / (EPOCHS * per_epoch)
        return progress / 0.08 if progress < 0.08 else 0.5 * (1 + math.cos(math.pi * (progress - 0.08) / 0.92))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate_factor)
    for epoch in range(EPOCHS):
        network.train()
        order = torch.randperm(len(pictures), generator=generator)[: per_epoch * BATCH_SIZE]
        for chosen in torch.split(order, BATCH_SIZE):
            batch = augment(pictures[chosen], generator).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = loss_function(network(batch).float(), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            average.update_parameters(network)
        print(f"epoch {epoch}: top-1 %.1f top-5 %.1f" % accuracy(average.module, val_pictures, val_labels), flush=True)
    state = average.module.to(memory_format=torch.contiguous_format).state_dict()  # safetensors stores no other layout
    save_file(
        {name: weight.half() if weight.is_floating_point() else weight for name, weight in state.items()}, options.out
    )


if __name__ == "__main__":
    main()
