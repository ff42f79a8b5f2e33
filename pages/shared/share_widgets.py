"""Widgets that share the visitor's own picture by a link, and withdraw it again."""

from __future__ import annotations

import re

import streamlit as st

from explainers import ExplanationError
from explainers.images.photo import Photo, size_in_words
from explainers.numbers import duration
from pages.shared import state
from pages.shared.frame import show
from pages.shared.sharing import SHARED

TOKEN_KEY = "shared"  # of the token of a shared photo, in the address
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)
OWN_TOKENS_KEY = "shares"  # of the tokens that this visit has made
OFFER = (
    "Anyone who has the link can then see this picture and its results. It stays in this server's memory for a day, "
    "or until it is withdrawn. An ordinary link only identifies the picture and never contains it."
)


def declare() -> None:
    """Write the token into the address, if the photo is shared."""
    state.setting(TOKEN_KEY, "", _is_token)


def shared_photo(fingerprint: str) -> Photo | None:
    """Return the photo of that fingerprint, if the address shares it."""
    photo = SHARED.find(_token())
    if photo is None or photo.fingerprint != fingerprint:
        return None
    state.hold(photo)
    return photo


def has_ended() -> bool:
    """Whether the address has a token of a photo that isn't shared any more."""
    return bool(_token()) and SHARED.find(_token()) is None


def offer() -> None:
    """Offer to share the upload or, if it is shared, say so and offer to withdraw it; the same for earlier ones."""
    token = _token()
    if token and (SHARED.find(token) is None):
        leave()
    if SHARED.find(token):
        _offer_withdrawal(
            token,
            f"Copy this page's address to share the picture. For another {_left(token)}, anyone who has it can see the "
            "picture and withdraw it.",
        )
    else:
        st.button("Link with picture", key="share", icon=":material/link:", on_click=_share, help=OFFER)
        if problem := state.recall("share-problem"):
            show(problem)
    for other in _own_tokens():
        if other != token and (shared := SHARED.find(other)):
            size = size_in_words(shared.fingerprint)
            _offer_withdrawal(other, f"You also share a picture of {size} for another {_left(other)}.")


def leave() -> None:
    """Take the token out of the address; the photo goes on being shared."""
    state.choose(TOKEN_KEY, "")


def withdraw_own(photo: Photo) -> None:
    """Withdraw a photo if this visit has shared it."""
    for token in _own_tokens():
        if (shared := SHARED.find(token)) and shared.fingerprint == photo.fingerprint:
            SHARED.withdraw(token)


def _offer_withdrawal(token: str, sentence: str) -> None:
    st.caption(sentence)
    hint = "Deletes the picture from this server's memory: links to it then say that it is gone."
    st.button(
        "Withdraw", key=f"withdraw-{token}", icon=":material/link_off:", on_click=_withdraw, args=(token,), help=hint
    )


def _share() -> None:
    """Share the upload, under the token that it has already if this visit shares it."""
    if (photo := state.upload()) is None:
        return
    own = (token for token in _own_tokens() if (shared := SHARED.find(token)) and shared.digest == photo.digest)
    try:
        token = next(own, None) or SHARED.share(photo)
    except ExplanationError as error:
        state.remember("share-problem", str(error))
    else:
        state.remember("share-problem", None)
        state.remember(OWN_TOKENS_KEY, tuple({*_own_tokens(), token}))
        state.choose(TOKEN_KEY, token)


def _withdraw(token: str) -> None:
    SHARED.withdraw(token)
    if token == _token() and state.upload():
        leave()


def _left(token: str) -> str:
    return duration(SHARED.seconds_left(token))


def _token() -> str:
    """Return the token that the address has; an empty text if it has none."""
    token: str = state.value(TOKEN_KEY, "", _is_token)
    return token


def _own_tokens() -> tuple[str, ...]:
    tokens: tuple[str, ...] = state.recall(OWN_TOKENS_KEY, ())
    return tokens


def _is_token(text: str) -> bool:
    return not text or TOKEN.fullmatch(text) is not None
