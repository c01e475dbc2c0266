#!/usr/bin/env python3
"""The program is linked with no call that sleeps, waits, starts processes or resolves names,
but those in symbols_allowed.txt: symbols.py PROGRAM."""

import pathlib
import re
import subprocess
import sys
import unittest

BLOCKING = re.compile(
    r"^(?:(?:clock_)?nanosleep|usleep|sleep|pause|sigsuspend|sigwait\w*|sched_yield|p?select|p?poll"
    r"|epoll_p?wait2?|popen|system|v?fork|wait|waitpid|waitid|wait[34]|posix_spawnp?|exec[lv]p?e?"
    r"|getaddrinfo(?:_a)?|getnameinfo|gethostby\w+|getservby\w+|fopen(?:64)?|freopen(?:64)?|fdopen"
    r"|opendir|readdir(?:64)?|fsync|fdatasync|flock|lockf(?:64)?|sem_(?:timed|clock)?wait|mq_\w+"
    r"|pthread_(?:join|timedjoin_np|clockjoin_np|cond_\w*wait|barrier_wait|rwlock_\w+lock|spin_lock)"
    r"|pthread_create|dlopen|sqlite3_\w+|nvml\w+)$"
    r"|^std::this_thread::|^std::condition_variable|^std::thread::join|^std::__atomic_futex"
    r"|^std::basic_[io]?f(?:stream|ilebuf)$|^std::filesystem::(?!__cxx11::path)"
    r"|^caf::(?:scoped_actor|blocking_actor|actor_system::await_all_actors_done)")


def linked(text):
    """Names out of `nm -DC --undefined-only`, without versions and arguments; of a file's
    stream and of a condition variable the class alone, as every member means the same."""
    names = set()
    for line in text.splitlines():
        match = re.match(r"\s*[Uw]\s+(.*)", line)
        if match:
            name = re.sub(r"(?:@.*|\(.*)$", "", match[1].replace("[abi:cxx11]", "")).strip()
            names.add(re.sub(r"^(std::(?:basic_[io]?f(?:stream|ilebuf)(?=<)|condition_variable(?=::))).*", r"\1", name))
    return names


def allowed(text):
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" | ")
            if not reason.strip():
                raise ValueError(f"no reason given: {line}")
            found[name.strip()] = reason.strip()
    return found


class Linked(unittest.TestCase):
    def test_the_program_calls_nothing_that_blocks(self):
        out = subprocess.run(["nm", "-DC", "--undefined-only", PROGRAM], capture_output=True,
                             text=True, check=True).stdout
        names = linked(out)
        self.assertGreater(len(names), 100)
        self.assertTrue(any(name.startswith("caf::") for name in names), "this is not the node")
        blocking = {name for name in names if BLOCKING.match(name)}
        may = allowed((pathlib.Path(__file__).parent / "symbols_allowed.txt").read_text())
        self.assertFalse(sorted(blocking - may.keys()), "linked, and not in symbols_allowed.txt")
        self.assertFalse(sorted(may.keys() - blocking), "allowed, but no longer linked")

    def test_planted_names_are_seen(self):
        out = ("                 U nanosleep@GLIBC_2.17\n U caf::scoped_actor::scoped_actor(caf::actor_system&, bool)\n"
               " U usleep@GLIBC_2.2.5\n U std::condition_variable::wait(std::unique_lock<std::mutex>&)@GLIBCXX\n"
               " U system@GLIBC_2.2.5\n U writev@GLIBC_2.2.5\n")
        seen = sorted(name for name in linked(out) if BLOCKING.match(name))
        self.assertEqual(seen, ["caf::scoped_actor::scoped_actor", "nanosleep",
                                "std::condition_variable", "system", "usleep"])


PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
if __name__ == "__main__":
    unittest.main()
