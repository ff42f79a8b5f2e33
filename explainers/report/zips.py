"""Zips of saved explanations: of one map, or of all maps of a comparison."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from PIL import Image

from explainers.explanation import Explanation
from explainers.figures import Look, Tile, Tints, spans
from explainers.report.bundle import contents
from explainers.report.pictures import tile_look, tile_photo


def zipped(explanation: Explanation, *, photo: Image.Image | None = None, look: Look | None = None) -> bytes:
    """Return a zip of the files that `save` writes; it is the same for the same explanation."""
    return _zip((name, data) for name, data in contents(explanation, photo, look).items())


def zipped_tiles(tiles: Sequence[Tile], tints: Tints) -> bytes:
    """Return a zip with a numbered folder for each tile that has a map, with the files that `save` writes.

    The map of a tile is in the colours of the comparison, and on its scale.
    """
    maps = [tile.explanation for tile in tiles if tile.explanation]
    limits = iter(spans(maps, tints))

    def files() -> Iterator[tuple[str, bytes]]:  # one map after the other, for their pictures take memory
        for number, tile in enumerate(tiles, 1):
            if tile.explanation is None:
                continue
            span = next(limits)
            look, photo = tile_look(tile.explanation, tints, span), tile_photo(tile)
            folder = f"{number:02}-{tile.explanation.facts.slug}"
            for name, data in contents(tile.explanation, photo, look, span).items():
                yield f"{folder}/{name}", data

    return _zip(files())


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data)  # which says 1980 for the time
    return stream.getvalue()
