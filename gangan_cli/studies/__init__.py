"""Questions asked of runs. No plotting, no printing."""
