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
EPOCHS, BATCH, RATE = 25, 128, 0.15  # RATE is the peak learning rate
ZOOM = (40, 72)  # side of the crop that is scaled to 64 px, smallest and largest


def load(root: Path, wnids: list[str]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures (N, 3, 64, 64) uint8 and labels (N,), for training and validation, from the data set's own folders."""
    index = {wnid: i for i, wnid in enumerate(wnids)}
    training = [
        (path, index[wnid]) for wnid in wnids for path in sorted((root / "train" / wnid / "images").glob("*.JPEG"))
    ]
    rows = [line.split("\t")[:2] for line in (root / "val" / "val_annotations.txt").read_text().splitlines()]
    validation = [(root / "val" / "images" / name, index[wnid]) for name, wnid in rows if wnid in index]

    def tensors(items: list[tuple[Path, int]]) -> tuple[Tensor, Tensor]:
        pictures = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in items])
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), torch.tensor([label for _, label in items])

    return *tensors(training), *tensors(validation)


def augment(pictures: Tensor, draw: torch.Generator) -> Tensor:
    """(N, 3, 64, 64) uint8 -> normalised float: one zoom per batch; shift, mirror and colour per picture."""
    n, pad = len(pictures), 8
    side = int(torch.randint(ZOOM[0], ZOOM[1] + 1, (1,), generator=draw))
    x = F.pad(pictures.float(), (pad,) * 4, mode="reflect")
    low = 0 if side > SIDE else pad // 2
    top, left = (torch.randint(low, SIDE + 2 * pad - side - low + 1, (n,), generator=draw) for _ in range(2))
    steps = torch.arange(side)
    x = x[
        torch.arange(n)[:, None, None, None],
        torch.arange(3)[None, :, None, None],
        (top[:, None] + steps)[:, None, :, None],
        (left[:, None] + steps)[:, None, None, :],
    ]
    if side != SIDE:
        x = F.interpolate(x, size=SIDE, mode="bilinear", antialias=True)
    mirrored = torch.rand(n, generator=draw) < 0.5
    x[mirrored] = x[mirrored].flip(3)
    gain, contrast, colour = (1 + (torch.rand(n, 1, 1, 1, generator=draw) - 0.5) * 0.6 for _ in range(3))
    mean, grey = x.mean((1, 2, 3), keepdim=True), x.mean(1, keepdim=True)
    x = grey + (x - grey) * colour
    return (((x - mean) * contrast + mean * gain).clamp(0, 255) - MEAN) / STD


@torch.inference_mode()
def accuracy(network: nn.Module, pictures: Tensor, labels: Tensor) -> tuple[float, float]:
    """Top-1 and top-5 in per cent."""
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
    draw = torch.Generator().manual_seed(0)
    with options.classes.open(newline="", encoding="utf-8") as rows:
        wnids = [wnid for wnid, _ in csv.reader(rows)]
    pictures, labels, val_pictures, val_labels = load(options.data, wnids)
    network = PocketNet(len(wnids)).to(memory_format=torch.channels_last)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)  # type: ignore[no-untyped-call]
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": 5e-4},
        {"params": [p for p in network.parameters() if p.ndim <= 1]},
    ]
    optimiser = torch.optim.SGD(groups, lr=RATE, momentum=0.9, nesterov=True)
    per_epoch = len(pictures) // BATCH

    def rate(step: int) -> float:
        done = step / (EPOCHS * per_epoch)
        return done / 0.08 if done < 0.08 else 0.5 * (1 + math.cos(math.pi * (done - 0.08) / 0.92))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    for epoch in range(EPOCHS):
        network.train()
        for chosen in torch.split(torch.randperm(len(pictures), generator=draw)[: per_epoch * BATCH], BATCH):
            x = augment(pictures[chosen], draw).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = loss_of(network(x).float(), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            average.update_parameters(network)
        print(f"epoch {epoch}: top-1 %.1f top-5 %.1f" % accuracy(average.module, val_pictures, val_labels), flush=True)
    state = average.module.to(memory_format=torch.contiguous_format).state_dict()  # safetensors stores no other layout
    save_file({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, options.out)


if __name__ == "__main__":
    main()
