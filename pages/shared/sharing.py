"""Pictures that visitors share by a link, because they chose to: the one exception to what the end of a visit forgets.

Each stays in the server's memory for a day under a name that nobody can guess, or until it is withdrawn.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explainers.errors import ExplanationError

if TYPE_CHECKING:
    from explainers.images.photo import Photo

LIFETIME = 24 * 3600.0  # seconds
MAX_PHOTOS, MAX_BYTES = 50, 200 * 10**6  # that are shared at the same time
TOKEN_BYTES = 24  # of randomness in the name of a shared photo
NAME = "Shared picture"  # instead of its own, which may tell more than the visitor wants to


@dataclass(frozen=True)
class Shared:
    """A shared photo, its size in memory, when it ends, and the timer that ends it."""

    photo: Photo
    nbytes: int
    ends_at: float
    timer: threading.Timer


class SharedPhotos:
    """The photos that are shared at the moment, by their tokens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shared: dict[str, Shared] = {}
        self._forgetters: list[Callable[[str], None]] = []

    def when_gone(self, forget: Callable[[str], None]) -> None:
        """Call `forget` with the digest of every photo that is no longer shared."""
        self._forgetters.append(forget)

    def share(self, photo: Photo) -> str:
        """Share a photo without its name, and return its token. Raises ExplanationError where too many are shared."""
        token, nbytes = secrets.token_urlsafe(TOKEN_BYTES), photo.nbytes
        timer = threading.Timer(LIFETIME, self.withdraw, (token,))
        timer.daemon = True
        with self._lock:
            total = sum(shared.nbytes for shared in self._shared.values())
            if len(self._shared) >= MAX_PHOTOS or total + nbytes > MAX_BYTES:
                raise ExplanationError(
                    "This server already keeps as many shared pictures as it may. Please try again later."
                )
            self._shared[token] = Shared(replace(photo, name=NAME), nbytes, time.monotonic() + LIFETIME, timer)
        timer.start()
        return token

    def find(self, token: str) -> Photo | None:
        """Return the photo that is shared under a token, if it still is."""
        shared = self._shared.get(token)
        return shared.photo if shared and shared.ends_at > time.monotonic() else None

    def seconds_left(self, token: str) -> float:
        """Return how long a photo goes on being shared."""
        shared = self._shared.get(token)
        return max(0.0, shared.ends_at - time.monotonic()) if shared else 0.0

    def withdraw(self, token: str) -> None:
        """Share a photo no longer."""
        with self._lock:
            shared = self._shared.pop(token, None)
        if shared:
            shared.timer.cancel()
            for forget in self._forgetters:
                forget(shared.photo.digest)


SHARED = SharedPhotos()
