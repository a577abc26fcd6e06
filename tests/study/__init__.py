"""Studies that take hours: not run by `make test`."""
