"""One figure a file: takes what studies return, gives files."""

from gangan_cli.figures import plain_matplotlib

plain_matplotlib.load()  # before any module of this folder imports matplotlib
