#!/usr/bin/env python3
"""The comparison itself, where there is no GPU: the stub of NVML on one side, a stand-in for nvidia-smi on the
other. It finds what differs: gpu_probe_test.py CONDUCTOR NVML_STUB."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "gpu_probe"
FACTS = ("devices 1\n0.name NVIDIA H100\n0.busy 93\n0.memory_used 39845888000\n0.memory_total 85899345920\n"
         "0.temperature 61\n0.power 412000\n0.power_limit 700000\n0.clock_sm 1980\n0.clock_memory 2619\n"
         "0.fail.nvmlDeviceGetFanSpeed 3\n0.processes 77 1048576000 -1\n")
SMI = {"--query-gpu": "0, 550.54.15, NVIDIA H100, GPU-stub-0, 93, 38000, 81920, 61, 412.00, 700.00, 1980, 2619, "
                      "[N/A], 0, 0",
       "--query-compute-apps": "GPU-stub-0, 77, 1000"}


class Comparison(unittest.TestCase):
    def compare(self, facts=FACTS, said=None):
        with tempfile.TemporaryDirectory() as place:
            here = pathlib.Path(place)
            (here / "facts").write_text(facts)
            environment = {**os.environ, "NVML_STUB": str(here / "facts"), "CONDUCTOR_GPU_LIBRARY": STUB}
            if said is not None:
                cases = "".join(f"{query}=*) echo '{answer}';;\n" for query, answer in said.items())
                (here / "nvidia-smi").write_text(f'#!/bin/sh\ncase "$1" in\n{cases}esac\n')
                (here / "nvidia-smi").chmod(0o755)
                environment["PATH"] = f"{here}:{environment['PATH']}"
            return subprocess.run([sys.executable, "-B", SCRIPT, NODE], env=environment, capture_output=True,
                                  text=True, timeout=120, check=False)

    def test_values_that_are_alike_pass(self):
        done = self.compare(said=SMI)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"14 values as nvidia-smi tells them, 0 not")

    def test_each_value_that_differs_is_found(self):
        for old, new in (("93,", "33,"), ("38000", "48000"), ("61,", "71,"), ("412.00", "300.00"), ("H100", "H200"),
                         ("1980", "210"), ("[N/A]", "40"), ("550.54.15", "535.1")):
            with self.subTest(new=new):
                said = {**SMI, "--query-gpu": SMI["--query-gpu"].replace(old, new)}
                done = self.compare(said=said)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn(" 1 not", done.stdout)

    def test_a_process_that_the_node_does_not_tell_is_found(self):
        done = self.compare(said={**SMI, "--query-compute-apps": "GPU-stub-0, 99, 1000"})
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("GPU 0 process 99: 0 of 5; it is not told", done.stdout)

    def test_a_process_whose_memory_differs_is_found(self):
        done = self.compare(said={**SMI, "--query-compute-apps": "GPU-stub-0, 77, 1100"})
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("process 77: 0 of 5; 1000 MiB is not in 1100..1100", done.stdout)

    def test_without_a_gpu_it_is_skipped(self):
        done = self.compare(said={})
        self.assertEqual((done.returncode, done.stdout), (77, "no GPU here\n"))


NODE, STUB = sys.argv[1:3]
if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
