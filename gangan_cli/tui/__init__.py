"""The terminal UI: runs, losses and pictures. It reads the store through `feed.py`, and never trains
in its own process."""
