"""Training data of GANs: images, or the snapshots of another run."""
