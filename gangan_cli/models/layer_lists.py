"""Lists of layers as hyperparameters, which are text: a run's hyperparameters are plain values."""


def numbers(text: str, what: str) -> tuple[int, ...]:
    """Return the positive numbers of a list such as "128,256,512"; `what` names it in errors.

    Raises:
        TypeError: it is none, as for every size that makes no sense.
    """
    try:
        found = tuple(int(part) for part in str(text).split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise TypeError(f"{what} is {text!r}: give the sizes of its layers, as in 128,256,512")
    return found
