"""Summaries of a run that need no torch: losses, status, verification."""
