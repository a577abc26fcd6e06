"""The command line: commands parse, call one function below, and print."""
