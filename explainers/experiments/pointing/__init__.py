"""Whether a map points at what somebody drew a box around."""
