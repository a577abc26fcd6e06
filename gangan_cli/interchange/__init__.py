"""Export of runs to safetensors or npz; import of those, and of state dicts."""
