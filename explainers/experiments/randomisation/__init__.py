"""Does a map depend on what the classifier has learnt? The weights are randomised stage by stage to find out."""
