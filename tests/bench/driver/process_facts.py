"""What processes cost, as the kernel counts it."""

import pathlib


def processor_seconds(processes):
    """Seconds of processor time that all living threads have used."""
    total = 0
    for pid in processes:
        for thread in pathlib.Path("/proc", str(pid), "task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_kib(processes):
    """Resident memory of all of them, in KiB; pages that several share count for each."""
    total = 0
    for pid in processes:
        for line in pathlib.Path("/proc", str(pid), "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def proportional_kib(process):
    """Memory of one process in KiB; a page that several share counts in parts."""
    for line in pathlib.Path("/proc", str(process), "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
