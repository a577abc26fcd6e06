"""General widgets, independent of runs."""
