"""Widgets that choose a picture: a strip of samples, whose last cell is for a picture of the visitor's own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import streamlit as st

from explainers import ExplanationError
from explainers.images.photo import Photo
from explainers.images.samples import Sample, samples
from explainers.markdown import escaped
from pages.shared.own_picture import choose_own_picture, dismiss_refusal, own_photo
from pages.shared.strip import OWN, choose_from_strip
from pages.shared.tray import kept_tray
from pages.shared.visits import VISITS


def choose_picture() -> Photo:
    """Choose the picture to explain. Raises NoResult where the visitor's own is chosen, and there is none."""
    with st.container(key="picture-choice", gap="small"):
        name = choose_from_strip(own_photo())
        if name == OWN:
            return choose_own_picture()
        dismiss_refusal()
        sample = _sample(name)
        credit = f"Picture: {escaped(sample.credit)}."
        st.caption(f"**{escaped(sample.title)}.** {sample.caption}", help=credit)
        return sample_photo(name)


def picture_titles() -> dict[str, str]:
    """Return the titles of the visitor's own pictures and of the samples, by their names; no two are the same."""
    offered = {sample.name: sample.title for sample in samples()}
    own = own_photo()
    tray = kept_tray().with_photo(own) if own else kept_tray()
    return tray.names(set(offered.values())) | offered


def photo_called(name: str) -> Photo:
    """Return the photo of one of these names. Raises ExplanationError for one of the visitor's that is gone."""
    own = own_photo()
    photo = kept_tray().find(name) or (own if own and own.fingerprint == name else None)
    if photo is None and name not in {sample.name for sample in samples()}:
        raise ExplanationError("This picture isn't here any more. Choose another one.")
    return photo or sample_photo(name)


@cache
def sample_photo(name: str) -> Photo:
    """Return a sample's photo, which is decoded when it is first chosen."""
    sample = _sample(name)
    photo = Photo.read(sample.title, sample.data)
    return replace(photo, sample=name) if sample.path else photo


VISITS.when_empty(sample_photo.cache_clear)


def _sample(name: str) -> Sample:
    return next(sample for sample in samples() if sample.name == name)
