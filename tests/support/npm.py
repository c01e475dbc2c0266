"""Packages of npm for tests, from a lock file."""

import contextlib
import fcntl
import hashlib
import shutil
import subprocess


def installed(source, place):
    """`place` with the packages of `source`'s lock file, installed once for each content of it, also where several
    tests ask at once."""
    names = ("package.json", "package-lock.json", ".npmrc")  # the last one where it is
    locks = [source / name for name in names if name != ".npmrc" or (source / name).exists()]
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.with_name(place.name + ".lock"), "w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        stamp = place / "installed"
        with contextlib.suppress(OSError):
            if stamp.read_text() == wanted:
                return place
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for lock in locks:
            shutil.copy(lock, place)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place, check=True)
        stamp.write_text(wanted)
    return place
