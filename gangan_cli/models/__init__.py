"""Families of GANs: one file a paper, in terms that the engine trains (family.py)."""
