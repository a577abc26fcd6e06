"""Sampling: from latents down to images, through the lineage of a run."""
