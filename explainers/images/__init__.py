"""Pictures: reading files, photos, samples, baselines, and regions of similar colour."""
