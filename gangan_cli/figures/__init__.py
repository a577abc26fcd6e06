"""Figures of runs, one per module: functions that take results and write files."""

from gangan_cli.figures import plain_matplotlib

plain_matplotlib.load()  # before any module of this folder imports matplotlib
