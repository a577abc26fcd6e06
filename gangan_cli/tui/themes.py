"""The two themes: the same hues on a dark and on a light background."""

from textual.theme import Theme

DARK = Theme(
    name="gangan-dark",
    primary="#5ab4f0",
    secondary="#e69f00",
    accent="#e69f00",
    foreground="#d8dce2",
    background="#101418",
    surface="#161b21",
    panel="#1f262e",
    success="#2bb58a",
    warning="#e69f00",
    error="#f0705a",
    dark=True,
)

LIGHT = Theme(
    name="gangan-light",
    primary="#0067a8",
    secondary="#a85f00",
    accent="#a85f00",
    foreground="#1b1f24",
    background="#fbfbf9",
    surface="#f2f2ee",
    panel="#e4e5e0",
    success="#00795a",
    warning="#a85f00",
    error="#b8321c",
    dark=False,
)
