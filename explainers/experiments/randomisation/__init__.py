"""Whether a map depends on what the classifier has learnt: its weights drawn anew, stage by stage."""
