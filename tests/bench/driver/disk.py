"""What the disk costs."""

import os
import pathlib
import statistics
import time

BLOCK = b"x" * 4096  # a page of SQLite


def fsync_us(folder, seconds):
    """Microseconds of one append of a page and its fsync, in that folder: (p50, p99)."""
    file = pathlib.Path(folder) / "fsync"
    taken = []
    end = time.monotonic() + seconds
    with open(file, "wb", buffering=0) as out:
        while len(taken) < 20 or time.monotonic() < end:
            began = time.monotonic_ns()
            out.write(BLOCK)
            os.fsync(out)
            taken.append((time.monotonic_ns() - began) / 1000)
    file.unlink()
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return cuts[49], cuts[98]
