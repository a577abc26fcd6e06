"""Messages between the command and its training processes."""

import os
import struct
from multiprocessing import Pipe

import pytest

from gangan_cli.training.messages import receive


@pytest.mark.parametrize("bytes_sent", [0, 2, 4, 14])
def test_a_process_that_dies_in_the_middle_of_a_message_has_gone(bytes_sent):
    ours, theirs = Pipe()
    message = struct.pack("!i", 100) + bytes(100)  # its length, then itself
    os.write(theirs.fileno(), message[:bytes_sent])
    theirs.close()
    with pytest.raises(EOFError):
        receive(ours)
