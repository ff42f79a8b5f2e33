"""Whether a map stays when the picture hardly changes."""
