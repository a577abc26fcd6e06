"""The terminal UI: runs, losses and pictures. It reads the store through `run_index.py`, and never
trains in its own process."""
