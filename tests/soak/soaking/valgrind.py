"""The node under valgrind: slow, few clients; at its end nothing it had is lost, and nothing was read that is not its."""

import pathlib
import re


class Valgrind:
    SLOWNESS = 20

    def __init__(self):
        self.report = None

    def command(self, folder):
        self.report = pathlib.Path(folder) / "valgrind.txt"
        return ("valgrind", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
                "--num-callers=30", "--fair-sched=yes", f"--log-file={self.report}")

    def complaints(self):
        text = self.report.read_text(errors="replace") if self.report.exists() else ""
        summary = re.search(r"ERROR SUMMARY: (\d+) errors", text)
        if not summary:
            return [f"valgrind told nothing: {text[-2000:]}"]
        lost = re.search(r"definitely lost: ([\d,]+) bytes", text)
        print(f"valgrind: {summary[1]} errors, {lost[1] if lost else 0} bytes definitely lost")
        return [f"valgrind found {summary[1]} errors:\n{text[:6000]}"] if summary[1] != "0" else []
