"""The engine, the processes it runs in, and the runs it fills."""
