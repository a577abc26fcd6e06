"""What GANs are trained on: images, or the snapshots of another run."""
