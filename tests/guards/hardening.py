#!/usr/bin/env python3
"""The program that users run is built to be hard to break into: hardening.py CONDUCTOR."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

# What each is found by; the flags are in ops/cmake/options.cmake.
UNFORTIFIED = "int main(int n, char** a) { char b[8]; __builtin_strcpy(b, a[0]); return b[n]; }\n"


def readelf(*what):
    return subprocess.run(["readelf", "-W", *what], capture_output=True, text=True, check=True).stdout


def missing(program):
    """What a program lacks."""
    headers, segments, dynamic = (readelf(flag, program) for flag in ("-h", "-l", "-d"))
    symbols = readelf("--dyn-syms", program)
    lacks = []
    if "DYN (Position-Independent Executable file)" not in headers:
        lacks.append("an address of its own at each start (PIE)")
    if "GNU_RELRO" not in segments or "NOW" not in dynamic:
        lacks.append("tables that are read-only once it runs (relro, now)")
    if "GNU_STACK" not in segments or any("GNU_STACK" in line and " RWE " in line for line in segments.splitlines()):
        lacks.append("a stack that cannot be executed")
    if "__stack_chk_fail" not in symbols:
        lacks.append("stack protectors")
    if "_chk@" not in symbols.replace("__stack_chk_fail@", ""):
        lacks.append("checked copies (FORTIFY_SOURCE)")
    return lacks


class Hardening(unittest.TestCase):
    def test_the_program_has_it_all(self):
        self.assertEqual(missing(PROGRAM), [])

    def test_a_program_without_it_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder) / "a.c", pathlib.Path(folder) / "a"
            source.write_text(UNFORTIFIED)
            subprocess.run(["cc", "-O2", "-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE",
                            "-Wl,-z,norelro,-z,lazy,-z,execstack", "-o", program, source], check=True, stderr=subprocess.DEVNULL)
            self.assertEqual(len(missing(program)), 5)


PROGRAM = sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main()
