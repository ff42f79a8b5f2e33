"""The table of architectures by which a file is recognised.

    python -m tools.architectures --write        makes it anew: explainers/classifiers/own/architectures.xz
    python -m tools.architectures --check        tells whether it is that of the libraries installed here

Every classifier of torchvision and timm is built on the device "meta": twice with other numbers of classes and of
channels, and once for larger pictures, so that the tensors that change are known without guessing a name.

The file is JSON, compressed by xz:

    versions       of torch, torchvision and timm, by name
    shared         lists of what many rows share: configurations (channels, size, mean, std, interpolation, crop_pct),
                   settings of builders, traits (see `tools.architectures.traits`), and outlines (see
                   `explainers.classifiers.own.fingerprint.Outline`)
    architectures  key ("timm/resnet34"), words for people, and the numbers of its configuration, settings and traits
    fingerprints   key of the architecture, number of tensors, numbers of its outline by name and by place, five hashes
                   and a sketch (see `explainers.classifiers.own.table.Fingerprint`)
"""

from __future__ import annotations

import argparse
import sys
import time

from explainers.classifiers.own.table import PATH, table, unpacked
from tools.architectures.packing import packed
from tools.architectures.survey import survey


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help=f"write {PATH.name}")
    action.add_argument("--check", action="store_true", help=f"compare {PATH.name} with what would be written")
    options = parser.parse_args()
    started = time.perf_counter()
    data = packed(survey())
    today = unpacked(data)
    print(
        f"{len(today.architectures):,} architectures, {len(today.fingerprints):,} forms of files, {len(data):,} bytes"
    )
    print(f"{time.perf_counter() - started:.0f} s")
    if options.write:
        PATH.write_bytes(data)
        return 0
    shipped = table()
    print(f"Shipped: {dict(shipped.versions)}. Here: {dict(today.versions)}.")
    differing = {*shipped.fingerprints} ^ {*today.fingerprints}
    for row in sorted({row.architecture.title for row in differing}):
        print(f"differs: {row}")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
