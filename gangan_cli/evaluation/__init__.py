"""Evaluation: the judge, statistics of real images, scores."""
