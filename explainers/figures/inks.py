"""The colours of lines and bars."""

BLUE, ORANGE, GREY = "#2f86c8", "#dd7a1a", "#8a8f98"  # told apart by colour-blind eyes, on white and on black
