"""The colours of lines and bars."""

BLUE, ORANGE, GREY, GREEN, VIOLET = (
    "#2f86c8",
    "#dd7a1a",
    "#8a8f98",
    "#1b9e77",
    "#a864c7",
)  # told apart by colour-blind eyes, on white and on black
