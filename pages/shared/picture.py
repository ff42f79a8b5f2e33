"""Widgets that choose a picture: a strip of samples, whose last cell is for a picture of the visitor's own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import streamlit as st

from explainers.images.photo import Photo
from explainers.images.samples import Sample, samples
from explainers.markdown import escaped
from pages.shared.own_picture import choose_own_picture, dismiss_refusal, own_photo
from pages.shared.strip import OWN, choose_from_strip


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


@cache
def sample_photo(name: str) -> Photo:
    """Return a sample's photo, which is decoded when it is first chosen."""
    sample = _sample(name)
    photo = Photo.read(sample.title, sample.data)
    return replace(photo, sample=name) if sample.path else photo


def _sample(name: str) -> Sample:
    return next(sample for sample in samples() if sample.name == name)
