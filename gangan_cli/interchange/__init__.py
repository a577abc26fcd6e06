"""Runs in other people's files: export to safetensors or npz, import from those and from state dicts."""
