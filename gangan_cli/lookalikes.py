"""Recognises files that often take the place of another one: a Git LFS pointer, a web page, an empty
file."""

from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/"

PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<script", b"<!--")

START = 512
"""Number of bytes that are read."""


def instead(file: Path) -> str | None:
    """Return what `file` is and what to do, if it stands in for another file, else None.

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
