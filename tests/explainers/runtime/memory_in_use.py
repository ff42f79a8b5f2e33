"""Prints what maps take of the memory of real processes, as JSON: a program of its own, whose memory nobody shares."""

import ctypes
import json
import os
import resource

import torch
from torch import nn

from explainers import Classifier, IntegratedGradients, Target


def explaining(side, size):
    """(steps) -> the map of a picture so many pixels wide, on two convolutions of so many pixels."""
    torch.manual_seed(0)
    picture = torch.rand(3, side, side)
    layers = nn.Conv2d(3, 32, size), nn.ReLU(), nn.Conv2d(32, 2, size), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    seen = {"size": (side, side), "mean": (0,) * 3, "std": (1,) * 3}
    classifier = Classifier(nn.Sequential(*layers), ["cat", "dog"], **seen, device="cpu")
    return lambda steps: IntegratedGradients(steps=steps)(classifier, picture, Target(1))


def memory(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024


def return_at_once():
    """Let glibc give back what is freed, as it would by itself."""
    ctypes.CDLL(None).mallopt(-3, 100_000)  # M_MMAP_THRESHOLD


def bounded():
    """The map before and after memory is bounded: their chunks and halvings, and how far apart they are."""
    return_at_once()
    explained = explaining(224, 3)
    whole = explained(6)
    resource.setrlimit(resource.RLIMIT_AS, (memory("VmSize") + 100 * 2**20,) * 2)  # a chunk of 8 wants about 170 MB
    found = explained(6)
    distance = float(abs(found.values - whole.values).sum() / abs(whole.values).sum())
    return {"chunks": [(each.facts.chunk, each.facts.halvings) for each in (whole, found)], "distance": distance}


def growth():
    """The memory at rest, and the most that few and many steps take."""
    return_at_once()
    explained = explaining(64, 1)

    def peak(steps):
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # forget the peak so far
        explained(steps)
        return memory("VmHWM")

    explained(126)
    return memory("VmRSS"), peak(126), peak(1000)


def faults(returned):
    """How often a second map asks the machine for a page of memory."""
    if returned:
        return_at_once()
    explained = explaining(224, 3)
    explained(8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    explained(8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def main():
    torch.set_num_threads(1)
    measured = {
        "bounded": bounded,
        "growth": growth,
        "faults, kept": lambda: faults(False),
        "faults, returned": lambda: faults(True),
    }
    for name, measure in measured.items():
        if not os.fork():  # a process of its own, which needn't import the packages again
            print(json.dumps([name, measure()]), flush=True)
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main()
