#!/usr/bin/env python3
"""Every C++ file is as clang-format writes it."""

import subprocess
import sys

from source import LAYERS, ROOT, files

every = files(ROOT, (*LAYERS, "tests"))
if len(every) < 60:
    sys.exit(f"only {len(every)} files were found")
done = subprocess.run(["clang-format", "--dry-run", "-Werror", *every], cwd=ROOT, check=False,
                      capture_output=True, text=True)
bad = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error: " in line})
for path in bad:
    print(path)
print(f"{len(every)} files, {len(bad)} not formatted; clang-format -i FILE... mends them")
sys.exit(done.returncode)
