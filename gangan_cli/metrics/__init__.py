"""Scores of samples: pure functions of arrays."""
