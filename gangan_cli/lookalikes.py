"""Names what often lies where another file was meant to be: a pointer, a web page, nothing at all."""

from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/"

PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<script", b"<!--")

START = 512
"""Bytes of a file that are looked at."""


def instead(file: Path) -> str | None:
    """Return what `file` is, and what to do, if it stands in for another file; None if it does not.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        start = stream.read(START)
    if not start:
        return "it is empty"
    if start.startswith(POINTER):
        return "it is a pointer of Git LFS: fetch the file itself with git lfs pull"
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(PAGES):
        return "it is a web page, as a download that needs a login leaves it: download the file again"
    return None
