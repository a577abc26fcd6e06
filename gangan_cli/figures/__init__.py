"""One figure a file: takes what studies return, gives files."""
