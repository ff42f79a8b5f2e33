"""The pictures that one visitor has brought, in the order in which they came, within bounds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from explainers.errors import ExplanationError
from explainers.images.headers import millions
from explainers.images.photo import Photo

MAX_PHOTOS, MAX_BYTES = 30, 200 * 10**6  # of one visit


@dataclass(frozen=True, eq=False)
class Tray:
    """Photos of which no two come from the same file."""

    photos: tuple[Photo, ...] = ()

    def __iter__(self) -> Iterator[Photo]:
        return iter(self.photos)

    def __len__(self) -> int:
        return len(self.photos)

    def find(self, fingerprint: str) -> Photo | None:
        """Return the photo of that fingerprint, if there is one."""
        return next((photo for photo in self if photo.fingerprint == fingerprint), None)

    def beside(self, fingerprint: str, step: int) -> Photo | None:
        """Return the photo so many steps after that of a fingerprint; None beyond the ends, and beside one not here."""
        places = [photo.fingerprint for photo in self]
        if fingerprint not in places:
            return None
        place = places.index(fingerprint) + step
        return self.photos[place] if 0 <= place < len(self) else None

    def names(self, taken: Collection[str] = ()) -> dict[str, str]:
        """Return the name of each photo by its fingerprint: no two are the same, and none is taken."""
        names = [photo.name for photo in self]
        return {
            photo.fingerprint: f"{photo.name} ({photo.fingerprint})"
            if names.count(photo.name) > 1 or photo.name in taken
            else photo.name
            for photo in self
        }

    def check_room(self) -> None:
        """Raise ExplanationError where there are as many photos as there may be."""
        if len(self) >= MAX_PHOTOS:
            raise ExplanationError(f"There is room for {MAX_PHOTOS} pictures. Remove some to add others.")

    def with_photo(self, photo: Photo) -> Tray:
        """Return the tray with a photo at its end, or in the place of the one from the same file.

        Raises ExplanationError where there is no room for it.
        """
        if self.find(photo.fingerprint):
            return Tray(tuple(photo if each.fingerprint == photo.fingerprint else each for each in self))
        self.check_room()
        if sum(each.nbytes for each in (*self, photo)) > MAX_BYTES:
            raise ExplanationError(
                f"Your pictures would take more than {millions(MAX_BYTES)} MB of memory. Remove some to add others."
            )
        return Tray((*self, photo))

    def without(self, fingerprint: str) -> Tray:
        """Return the tray without the photo of that fingerprint."""
        return Tray(tuple(photo for photo in self if photo.fingerprint != fingerprint))
