"""Pictures: files read, photos, samples, baselines, and regions of like colour."""
