"""What is kept of a result: the picture, the map as a file and as a thumbnail, and what one can look for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.figures import Look
from explainers.images.encoding import encode
from explainers.images.photo import Photo
from explainers.images.samples import samples
from explainers.report import zipped
from explainers.report.bundle import sentences
from explainers.report.pictures import overlay_picture
from explainers.reviews.review import BUNDLE, PICTURE, THUMBNAIL, Subject, values_digest

THUMBNAIL_SIDE = 480  # pixels


def subject(
    explanation: Explanation, photo: Photo, page: str, settings: Mapping[str, str], look: Mapping[str, Any]
) -> Subject:
    """Return what a review of an explanation is about.

    page, settings, look: as in `Subject`.
    """
    facts = explanation.facts
    return Subject(
        page=page,
        settings=settings,
        look=look,
        picture_name=photo.name,
        picture_digest=photo.digest,
        sample=photo.sample,
        classifier=facts.classifier,
        weights=facts.weights,
        method=facts.method,
        label=facts.label,
        versus=facts.versus,
        scale=facts.scale,
        score=float(explanation.score),
        values_digest=values_digest(explanation),
        sentences=sentences(explanation),
    )


def files(explanation: Explanation, photo: Photo, look: Look) -> dict[str, bytes]:
    """Return the files of a review, by their names in the database. Raises ExplanationError for a tensor."""
    picture = photo.image
    if not isinstance(picture, Image.Image):
        raise ExplanationError("Only pictures can be kept, not tensors.")
    return {
        PICTURE: _picture_file(photo, picture),
        THUMBNAIL: _thumbnail(overlay_picture(explanation, look, picture)),
        BUNDLE: zipped(explanation, photo=picture, look=look),
    }


def is_installed(subject: Subject) -> bool:
    """Whether the picture of a review is a sample that is offered here, too."""
    offered = (sample.data for sample in samples() if subject.sample and sample.name == subject.sample)
    return any(hashlib.sha256(data).hexdigest() == subject.picture_digest for data in offered)


def _picture_file(photo: Photo, picture: Image.Image) -> bytes:
    """Return a file of which reading gives the same pixels: the photo's own where it is there, else a PNG."""
    own = next((sample.data for sample in samples() if photo.sample and sample.name == photo.sample), photo.file)
    return own or encode(picture)


def _thumbnail(overlay: Image.Image) -> bytes:
    stream = io.BytesIO()
    overlay.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    overlay.save(stream, "WEBP", quality=80)
    return stream.getvalue()
