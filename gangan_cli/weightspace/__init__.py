"""Weight space: views of snapshots, alignment, PCA and encoder, distances, baselines."""
