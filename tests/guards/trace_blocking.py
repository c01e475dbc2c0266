#!/usr/bin/env python3
"""No lane and no worker blocks: the real process under strace, with load on it, makes only
the system calls that its threads may make: trace_blocking.py CONDUCTOR SCRIPTED_OLLAMA.
Where tracing is impossible it fails; it never skips."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest

from processes import ask, conductor, scripted_ollama, set_script, stats, tasks, until

# A call this long, in seconds, was no call that returns at once. The tracer and a busy
# machine stretch every call, hence the width.
LONG = 0.1
# A lane's wait for a lock, in seconds: what the lock's owner does under it takes microseconds.
LOCK = 0.05

LINE = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\)\s+= (\S+)(.*?)(?: <(\d+\.\d+)>)?$")

MEMORY = {"mmap", "munmap", "mremap", "madvise", "mprotect", "brk"}
HARMLESS = {"getpid", "gettid", "getrandom", "clock_gettime", "getrusage", "rt_sigprocmask",
            "restart_syscall", "rseq", "set_robust_list"}
SOCKETS = {"recvmsg", "recvfrom", "sendmsg", "sendto", "accept", "accept4", "connect", "socket",
           "bind", "shutdown", "setsockopt", "getsockopt", "getsockname", "getpeername"}
DESCRIPTORS = {"close", "ioctl", "fcntl", "epoll_ctl", "timerfd_settime"}
# Reads and writes are judged by what they are on.
ON_DESCRIPTOR = {"read", "readv", "write", "writev"}
MAY_BE_ON = re.compile(r"^\d+<(?:socket:|TCP|UNIX|anon_inode:\[eventfd|anon_inode:\[timerfd|\[eventfd)")

# Threads that own neither sockets nor actors, by their names. `caf.actor` is the printer that
# CAF starts for itself; an actor of ours that is detached would be a second one.
OTHERS = re.compile(r"^(?:conductor|caf\.clock|caf\.actor|log|watchdog|resolver|files|store.*|gpu.*)$")


def kind_of(name):
    if name.startswith("lane-"):
        return "lane"
    if name in ("caf.multiplexer", "caf.worker"):  # what CAF 0.17 calls its workers, and later ones
        return "worker"
    return "other" if OTHERS.match(name) else "unknown"


def judge(kind, line):
    """Why a thread of this kind must not make this call; empty if it may."""
    match = LINE.match(line)
    if not match:
        return ""  # a signal, or the thread's end
    _, call, arguments, result, _, took = match.groups()
    seconds = float(took or 0)
    if call in ("epoll_wait", "epoll_pwait", "epoll_pwait2"):
        return "" if kind == "lane" else "only a lane polls"
    if call == "futex":
        waits = "FUTEX_WAIT" in arguments or "FUTEX_LOCK" in arguments
        if kind == "lane" and waits and seconds > LOCK:
            return f"a lane waited {seconds:.3f} s for another thread"
        return ""
    if call == "poll" and kind == "lane" and arguments.endswith(", 0"):
        return ""  # Asio asks whether a connection is made, and waits for nothing
    if call == "mmap" and "MAP_ANONYMOUS" not in arguments:
        return "it maps a file"
    if call in ON_DESCRIPTOR and not MAY_BE_ON.match(arguments):
        return "that is no socket"
    if call == "epoll_ctl" and kind == "worker" and re.search(r" \d+<(?:anon_inode:)?\[eventfd", arguments):
        return ""  # Asio wakes a lane this way
    if call == "write" and kind == "worker" and "eventfd" not in arguments.split(",")[0]:
        return "a worker owns no socket"
    if call in ("read", "readv", "writev") and kind == "worker":
        return "a worker owns no socket"
    if call in SOCKETS | DESCRIPTORS and kind == "worker":
        return "a worker owns no socket"
    if call == "sched_yield" and kind == "worker" and seconds <= LONG:
        return ""  # CAF's queue of jobs, while a thief holds its other end (double_ended_queue.hpp)
    if call not in MEMORY | HARMLESS | SOCKETS | DESCRIPTORS | ON_DESCRIPTOR:
        return "it is not in the list of permitted calls"
    if seconds > LONG:
        return f"it took {seconds:.3f} s"
    return ""


def verdicts(kind, text, begin=0.0, end=float("inf")):
    """[(why, line)] of one thread's trace between two times, and how many calls were read."""
    found, count = [], 0
    for line in text.splitlines():
        match = LINE.match(line)
        if match and begin <= float(match[1]) <= end:
            count += 1
            why = judge(kind, line)
            if why:
                found.append((why, line))
    return found, count


def stream(port, prompt, lines=None):
    """Reads an answer; leaves after `lines` records if that is given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/api/chat", json.dumps({
            "model": "canned", "messages": [{"role": "user", "content": prompt}]}))
        answer = connection.getresponse()
        last = {}
        for number, line in enumerate(answer):
            last = json.loads(line)
            if number + 1 == lines:
                return last
        return last
    finally:
        connection.close()


def load(node, ollama):
    """Streams, whole answers, lists, errors, cancels: every path of a request."""
    set_script(ollama, gap_ms=2, records=40)
    failures = []

    def one(number):
        try:
            for turn in range(3):
                if number % 6 == 5:
                    stream(node.port, "leaves", lines=2)
                elif not stream(node.port, f"stream {number}.{turn}").get("done"):
                    failures.append(f"stream {number}.{turn} did not end with done")
            for method, path, body, status in (
                    ("GET", "/api/tags", None, 200), ("GET", "/api/version", None, 200),
                    ("GET", "/api/ps", None, 200), ("GET", "/metrics", None, 200),
                    ("GET", "/nowhere", None, 404), ("POST", "/api/show", {"model": "none"}, 404),
                    ("POST", "/api/embed", {"model": "embedder", "input": "x"}, 200),
                    ("POST", "/api/generate", {"model": "canned", "prompt": "x", "stream": False}, 200)):
                got = ask(node.port, method, path, body)[0]
                if got != status:
                    failures.append(f"{method} {path} answered {got}")
        except Exception as e:  # a thread's failure is the test's
            failures.append(f"client {number}: {e!r}")

    clients = [threading.Thread(target=one, args=(n,)) for n in range(18)]
    for c in clients:
        c.start()
    for c in clients:
        c.join()
    return failures


class Traced(unittest.TestCase):
    def test_lanes_and_workers_make_only_calls_that_return_at_once(self):
        strace = shutil.which("strace")
        self.assertTrue(strace, "strace is missing: without it nothing is proved")
        with tempfile.TemporaryDirectory() as traces, scripted_ollama(OLLAMA) as ollama:
            prefix = pathlib.Path(traces) / "t"
            before = (strace, "-ff", "-ttt", "-T", "-y", "-s", "0", "-o", str(prefix))
            with conductor(NODE, ollama.port, before=before) as tracer:
                until("readiness", lambda: ask(tracer.port, "GET", "/readyz")[0] == 200)
                children = pathlib.Path(f"/proc/{tracer.pid}/task/{tracer.pid}/children").read_text().split()
                self.assertEqual(len(children), 1, "strace cannot trace here (ptrace is forbidden?)")
                pid = int(children[0])
                begin = time.time()
                failures = load(tracer, ollama)
                names = tasks(pid)
                end = time.time()
                self.assertEqual(failures, [])
                self.assertGreater(stats(ollama)["answers"], 40)
                os.kill(pid, signal.SIGTERM)
                self.assertEqual(tracer.ended(), 0, tracer.log())

            kinds = {}
            wrong = []
            self.assertLessEqual(list(names.values()).count("caf.actor"), 1, "an actor is detached")
            for tid, name in sorted(names.items()):
                kind = kind_of(name)
                trace = prefix.with_name(f"t.{tid}")
                self.assertTrue(trace.exists(), f"thread {name} left no trace")
                text = trace.read_text(errors="replace")
                if kind == "unknown":
                    wrong.append(f"thread {name!r} is not known: name it, and say what it may do")
                if kind not in ("lane", "worker"):
                    continue
                found, count = verdicts(kind, text, begin, end)
                entry = kinds.setdefault(kind, [0, 0, ""])
                entry[0] += 1
                entry[1] += count
                entry[2] += text
                seen = set()
                for why, line in found:
                    call = LINE.match(line)[2]
                    if (why, call) not in seen:
                        seen.add((why, call))
                        wrong.append(f"{name}: {why}: {line.split(' ', 1)[1]}")
            self.assertFalse(wrong, "\n" + "\n".join(wrong))
            # That the trace shows what happened.
            self.assertIn("lane", kinds, names)
            self.assertIn("worker", kinds, names)
            for calls in (r"epoll_wait", r"recvmsg|recvfrom|readv", r"sendmsg|sendto|writev"):
                self.assertGreater(len(re.findall(rf" (?:{calls})\(", kinds["lane"][2])), 50, calls)
            for kind, (threads, count, _) in kinds.items():
                self.assertGreater(count, 20, kind)
                print(f"{threads} {kind} threads: {count} calls")


class Recorded(unittest.TestCase):
    """A trace with planted calls."""

    TEXT = (pathlib.Path(__file__).parent / "trace_recorded.txt").read_text()
    LANE_MAY_NOT = [
        "1.0 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=20000000}, NULL) = 0 <0.020080>",
        "1.0 nanosleep({tv_sec=0, tv_nsec=1000}, NULL) = 0 <0.000060>",
        '1.0 openat(AT_FDCWD, "/etc/localtime", O_RDONLY|O_CLOEXEC) = 11</etc/localtime> <0.000020>',
        '1.0 read(11</etc/localtime>, ""..., 4096) = 114 <0.000010>',
        '1.0 write(2</tmp/log>, ""..., 60) = 60 <0.000014>',
        '1.0 write(1<pipe:[811]>, ""..., 60) = 60 <0.000014>',
        "1.0 poll([{fd=12<socket:[93]>, events=POLLIN}], 1, -1) = 1 ([{fd=12, revents=POLLIN}]) <0.000900>",
        "1.0 futex(0x7f1, FUTEX_WAIT_PRIVATE, 2, NULL) = 0 <0.300000>",
        "1.0 recvmsg(12<socket:[93]>, {msg_namelen=0}, 0) = 40 <0.250000>",
        "1.0 connect(12<socket:[93]>, {sa_family=AF_INET}, 16) = 0 <0.250000>",
        "1.0 fsync(9</data/log>) = 0 <0.000800>",
        "1.0 wait4(-1, NULL, 0, NULL) = 77 <0.000100>",
        "1.0 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 11</etc/hosts>, 0) = 0x7f <0.000010>",
        '1.0 sched_yield() = 0 <0.000004>',
    ]
    WORKER_MAY_NOT = [
        "1.0 epoll_wait(5<anon_inode:[eventpoll]>, [], 128, -1) = 1 <0.000900>",
        '1.0 sendmsg(12<socket:[93]>, {msg_namelen=0}, MSG_NOSIGNAL) = 40 <0.000025>',
        '1.0 write(2</tmp/log>, ""..., 60) = 60 <0.000014>',
        "1.0 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=50000}, NULL) = 0 <0.000120>",
        "1.0 stat(\"/etc/localtime\", {st_mode=S_IFREG}) = 0 <0.000020>",
        "1.0 sched_yield() = 0 <0.300000>",
    ]

    def test_a_healthy_recording_is_clean(self):
        found, count = verdicts("lane", self.TEXT)
        self.assertEqual(found, [])
        self.assertGreater(count, 15)

    def test_a_sleep_planted_on_a_lane_is_found_with_its_line(self):
        lines = self.TEXT.splitlines()
        lines.insert(len(lines) // 2, self.LANE_MAY_NOT[0])
        found, _ = verdicts("lane", "\n".join(lines))
        self.assertEqual([line for _, line in found], [self.LANE_MAY_NOT[0]])

    def test_every_planted_call_is_found(self):
        for kind, planted in (("lane", self.LANE_MAY_NOT), ("worker", self.WORKER_MAY_NOT)):
            for line in planted:
                with self.subTest(kind=kind, line=line):
                    self.assertTrue(LINE.match(line), "the line was not understood")
                    self.assertNotEqual(judge(kind, line), "")

    def test_a_worker_may_yield_to_the_thief_of_its_queue(self):
        self.assertEqual(judge("worker", "1.0 sched_yield() = 0 <0.000538>"), "")

    def test_threads_are_told_apart_by_name(self):
        self.assertEqual([kind_of(n) for n in ("lane-0", "lane-admin", "caf.multiplexer", "caf.clock", "tokio")],
                         ["lane", "lane", "worker", "other", "unknown"])


OLLAMA, NODE = sys.argv.pop(2), sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main()
