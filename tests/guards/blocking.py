#!/usr/bin/env python3
"""Nothing blocks: scans every layer for calls that sleep, wait or do synchronous I/O.

What is allowed stands in blocking_allowed.txt, each line with its reason; an entry that
matches no line, or more than one, fails. `adapters/cli` is a client program in a process of
its own, so the rules in CLIENT_MAY do not bind it: it reads files and standard input, starts
nvidia-smi and runs its own loop; it still must not sleep, wait or use CAF."""

import pathlib
import re
import unittest

from source import ROOT, files, strip

# rule: (pattern, what to do instead). A plain name is matched where it is called, whether
# written `name(`, `::name(` or `std::name(`, but not as a member.
def _call(names):
    return rf"(?<![\w.>:])(?:std::|::)?(?:{names})\s*\("


RULES = {
    "sleep": (
        r"\bsleep_(?:for|until)\b|\bthis_thread\s*::\s*yield\b"
        rf"|{_call('usleep|nanosleep|clock_nanosleep|sleep|sched_yield')}"
        rf"|{_call('p?select|p?poll|epoll_p?wait')}",
        "a steady_timer's async_wait or delayed_send"),
    "wait": (
        r"#\s*include\s*<(?:future|condition_variable|latch|barrier|semaphore)>"
        r"|\bstd\s*::\s*(?:shared_future|future|promise|packaged_task|async|condition_variable\w*"
        r"|latch|barrier|counting_semaphore|binary_semaphore|jthread)\b"
        r"|(?:\.|->)\s*(?:get_future|wait_for|wait_until|wait|join|acquire|arrive_and_wait)\s*\("
        rf"|{_call('pthread_join|pthread_cond_wait|pthread_cond_timedwait|sem_wait|sem_timedwait')}",
        "a completion handler or a message"),
    "blocking-caf": (
        r"\bscoped_actor\b|\bblocking_actor\b|\b(?:make_)?function_view\b|\bcaf\s*::\s*detached\b"
        r"|\bspawn\w*\s*<[^;(]*\bdetached\b|\bawait_all_actors_done\b|\bawait_actors_before_shutdown\b"
        r"|(?:\.|->)\s*(?:receive|receive_for|receive_while|receive_until|await)\s*\(",
        "an event-based actor and .then"),
    "sync-io": (
        r"\b(?:asio|http|websocket|net|beast)\s*::\s*(?:read|read_until|read_at|read_some|read_header"
        r"|write|write_at|write_some|write_header|connect)\s*\("
        r"|(?:\.|->)\s*(?:read_some|write_some|accept|connect|resolve|handshake|send_to|receive_from)\s*\("
        r"|(?<![\w.>:])::\s*(?:read|readv|write|writev|recv|recvfrom|recvmsg|send|sendto|sendmsg|accept4?"
        r"|connect)\s*\("
        r"|\b(?:SSL|BIO)_(?:read|write|accept|connect|do_handshake|shutdown)(?:_ex)?\s*\(",
        "the async_ form"),
    "loop": (
        r"(?:\.|->)\s*(?:poll|poll_one|run_one|run_for|run_until|run_one_for|run_one_until)\s*\("
        r"|\b\w*(?:io|loop|context|ioc)_?(?:\(\))?\s*(?:\.|->)\s*run\s*\("
        r"|\b(?:while|for)\s*\(\s*(?:true|1|;\s*;)\s*\)"
        r"|\bwhile\s*\([^)]*\.load\s*\(|\bwhile\s*\([^)]*\btest_and_set\b"
        r"|(?<!\}\s)\bwhile\s*\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*\)\s*;",
        "run() on a fixed set of threads; a loop whose head says when it ends"),
    "file": (
        r"#\s*include\s*<(?:fstream|filesystem)>|\b(?:i|o)?fstream\b|\bstd\s*::\s*filesystem\b"
        r"|\bstd\s*::\s*(?:cin|getline)\b"
        rf"|{_call('fopen|freopen|fdopen|fread|fwrite|fgets|fputs|fflush|fsync|fdatasync|dlopen|opendir|readdir')}"
        r"|\bSSL_CTX_\w+_file\s*\(|\bSSL_load_client_CA_file\s*\(|\bSSL_CTX_set_default_verify_paths\s*\("
        r"|(?<![\w.>:])::\s*(?:open|openat|stat|lstat|unlink|chmod|rename|mkdir|ftruncate)\s*\(",
        "at start-up only, or through an executor"),
    "process": (
        rf"{_call('popen|fork|vfork|waitpid|wait[34]?|posix_spawnp?|exec[lv]p?e?|execvpe')}"
        r"|(?<![\w.>:])(?:std::|::)?system\s*\(\s*[^)\s]",
        "nothing: the node starts no process"),
    "names": (
        rf"{_call('getaddrinfo|getnameinfo|gethostbyname|gethostbyaddr|getservbyname')}",
        "async_resolver"),
    "gpu": (r"\bnvml[A-Z]\w*\s*\(|\bnvidia-smi\b|\brsmi_\w+\s*\(", "adapters/gpu's executor"),
    "database": (r"\bsqlite3_\w+\s*\(", "adapters/store's executors"),
    "thread": (
        r"\bstd\s*::\s*j?thread\b(?!\s*::)|\bpthread_create\s*\(|(?:\.|->)\s*detach\s*\(",
        "a lane, a worker or an executor"),
    "mutex": (
        r"\bstd\s*::\s*(?:\w+_)?mutex\b|\bpthread_mutex_\w+|\bpthread_rwlock_\w+|\bpthread_spin_\w+",
        "an actor that owns the state"),
    "total-deadline": (r"\btcp_stream\b|\bexpires_never\b", "a deadline per phase"),
    "regex": (r"#\s*include\s*<regex>|\bstd\s*::\s*regex\b", "a scanner over the bytes"),
}
# Rules for text inside string literals too.
WITH_STRINGS = {"gpu"}
# Where a rule does not bind, beside the list of single lines.
EXEMPT = {"gpu": ("adapters/gpu/",), "database": ("adapters/store/",)}
CLIENT = "adapters/cli/"
CLIENT_MAY = {"loop", "file", "process", "gpu", "regex"}

_LOCK = re.compile(r"\b(?:lock_guard|unique_lock|scoped_lock|shared_lock)\b[^;]*[;({]")
_SUSPENDS = re.compile(r"\bco_await\b|\bco_yield\b|\basync_\w+\s*\(|\.then\s*\(|\brequest\s*\(")

_RULES = {name: re.compile(pattern) for name, (pattern, _) in RULES.items()}


def held_across(code):
    """Offsets of suspensions and callbacks within a scope that holds a lock."""
    for lock in _LOCK.finditer(code):
        depth, end = 0, len(code)
        for at in range(lock.end(), len(code)):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            if depth < 0:
                end = at
                break
        found = _SUSPENDS.search(code, lock.end(), end)
        if found:
            yield found.start()


def scan(path, text):
    """(rule, line number, that line) of everything `path` must not do."""
    lines = text.splitlines()
    bare, worded = strip(text), strip(text, strings=False)
    # Includes in angle brackets are code, in quotes they are words: none of the rules' own.
    hits = set()
    for rule, pattern in _RULES.items():
        if path.startswith(EXEMPT.get(rule, ("\0",))):
            continue
        if path.startswith(CLIENT) and rule in CLIENT_MAY:
            continue
        code = worded if rule in WITH_STRINGS else bare
        for match in pattern.finditer(code):
            hits.add((rule, code.count("\n", 0, match.start()) + 1))
    for at in held_across(bare):
        hits.add(("lock-across", bare.count("\n", 0, at) + 1))
    return [(rule, line, lines[line - 1].strip()) for rule, line in sorted(hits, key=lambda h: h[1])]


def allowed(text):
    """[(path, rule, line, reason)] of the list: `path | rule | reason` and, indented on the
    next line, the line of code it speaks of."""
    entries = []
    head = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            if head is None:
                raise ValueError(f"code without a head: {line}")
            entries.append((head[0], head[1], line.strip(), head[2]))
        else:
            head = [piece.strip() for piece in line.split("|", 2)]
            if len(head) != 3 or not all(head):
                raise ValueError(f"an entry needs path | rule | reason: {line}")
    return entries


def judge(hits, entries):
    """What is wrong: hits that nobody allowed, entries that allow nothing or too much."""
    wrong = []
    found = {}
    for path, rule, line, code in hits:
        found.setdefault((path, rule, code), []).append(line)
    permitted = {entry[:3] for entry in entries}
    for (path, rule, code), lines in found.items():
        if (path, rule, code) not in permitted:
            instead = RULES[rule][1] if rule in RULES else "release the lock before"
            wrong += [f"{path}:{n}: {rule}: {code}\n    use {instead}" for n in lines]
    for path, rule, code, _ in entries:
        count = len(found.get((path, rule, code), []))
        if count != 1:
            wrong.append(f"the list allows in {path} as {rule} what is there {count} times: {code}")
    return wrong


class Tree(unittest.TestCase):
    def test_nothing_blocks(self):
        read = files()
        self.assertGreater(len(read), 40, "hardly any file was found: is the root right?")
        known = {"adapters/lane/lane.cpp", "adapters/http/listener.cpp",
                      "adapters/ollama/link.cpp", "adapters/cli/client.cpp",
                      "actors/dispatcher.cpp", "actors/generation.cpp", "runtime/node.cpp",
                      "messages/actors.hpp", "config/load.cpp"}
        self.assertFalse(known - set(read), "known files were not read")
        hits = [(path, *hit) for path in read for hit in scan(path, (ROOT / path).read_text())]
        self.assertTrue(hits, "not even the lane's own run() was seen: the scanner is blind")
        entries = allowed((pathlib.Path(__file__).parent / "blocking_allowed.txt").read_text())
        wrong = judge(hits, entries)
        self.assertFalse(wrong, "\n" + "\n".join(wrong))
        print(f"{len(read)} files read, {len(entries)} lines allowed")


class Planted(unittest.TestCase):
    """Each violation, planted, is found; its innocent neighbour is not."""

    BAD = {
        "sleep": ["std::this_thread::sleep_for(5ms);", "sleep_until(then);", "usleep(10);",
                  "::nanosleep(&t, nullptr);", "sleep(1);", "select(0, 0, 0, 0, &t);",
                  "::poll(nullptr, 0, 10);", "std::this_thread::yield();", "epoll_wait(e, v, 1, 5);"],
        "wait": ["#include <future>", "std::promise<int> p;", "auto f = p.get_future();",
                 "f.wait();", "c.wait_for(lock, 1s);", "std::condition_variable c;",
                 "std::latch done{1};", "s.acquire();", "thread->join();", "std::async(f);",
                 "std::counting_semaphore<3> s{0};", "sem_wait(&s);"],
        "blocking-caf": ["caf::scoped_actor self{system};", "auto f = caf::make_function_view(a);",
                         "struct x : caf::blocking_actor {};", "system.spawn<caf::detached>(f);",
                         "self->spawn<linked + detached>(f);", "system.await_all_actors_done();",
                         "self->request(a, 1s, 1).receive(f, g);", "self->request(a, 1s).await(f);"],
        "sync-io": ["asio::read(socket, buffer);", "boost::asio::write(s, b);",
                    "http::read(stream, buffer, request);", "socket.read_some(buffer);",
                    "socket.connect(where);", "acceptor->accept(s);", "resolver.resolve(host, port);",
                    "stream.handshake(kind);", "::recv(fd, p, n, 0);", "asio::connect(s, found);",
                    "SSL_read_ex(s, p, n, &got);", "SSL_do_handshake(s);", "BIO_write(b, p, n);"],
        "loop": ["io.poll();", "io_.run_one();", "context->run_for(5ms);", "io_.run();", "main_loop.run();", "l.io().run();",
                 "while (true) {", "for (;;) {", "while (!done.load()) {", "while (busy());", "while (q.size() < f(g(1))) ;"],
        "file": ["std::ifstream in{path};", "#include <fstream>", "auto f = fopen(p, m);",
                 "std::filesystem::exists(p);", "::open(p, 0);", "std::getline(in, line);",
                 "SSL_CTX_use_PrivateKey_file(c, f, t);", "SSL_CTX_set_default_verify_paths(c);"],
        "process": ["popen(c, m);", "std::system(c);", "fork();", "waitpid(p, &s, 0);",
                    "posix_spawnp(&p, a, b, c, d, e);", "execvp(a, b);"],
        "names": ["getaddrinfo(h, p, &i, &r);", "::gethostbyname(h);"],
        "gpu": ["nvmlInit_v2();", 'run("nvidia-smi");'],
        "database": ["sqlite3_step(s);"],
        "thread": ["std::thread t{f};", "pthread_create(&t, 0, f, 0);", "t.detach();"],
        "mutex": ["std::mutex m;", "std::shared_mutex m;", "pthread_mutex_lock(&m);"],
        "total-deadline": ["beast::tcp_stream stream_;"],
        "regex": ["std::regex r{p};"],
        "lock-across": ["{ std::lock_guard g{m}; if (x) { co_await next(); } }",
                        "{ std::unique_lock l{m}; socket.async_read_some(b, h); }"],
    }
    GOOD = [
        "// std::this_thread::sleep_for(5ms);", "/* sleep(1);\n usleep(2); */",
        'log("sleep_for(5ms) and fopen(p)");', 'auto s = R"(while (true) sleep(1);)";',
        "timer.async_wait(handler);", "socket.async_read_some(buffer, handler);",
        "boost::asio::async_write(s, b, h);", "co_spawn(io, f(), asio::detached);",
        "system().scheduler().enqueue(job);", "auto& s = home.system();",
        "self->request(a, 1s, x).then(f);", "auto p = self->make_response_promise();",
        "caf::typed_response_promise<int> promise;", "std::this_thread::get_id();",
        "unsigned n = std::thread::hardware_concurrency();", "resolver.async_resolve(h, p, f);",
        "queue.select_next();", "timer.expires_after(5ms);", "int n = 1'000'000; auto c = 'x';",
        "{ std::lock_guard g{m}; ++n; }\nco_await next();", "node.begin_stop(done);",
        "while (i < n) {", "while (more())\n  take(one());", "do { ++i; } while (more(i));", "for (auto& x : all) {", "model.forked(); the_fork(x);",
    ]

    def test_every_planted_violation_is_found(self):
        self.assertEqual(set(self.BAD), set(RULES) | {"lock-across"})
        for rule, lines in self.BAD.items():
            for line in lines:
                for path in ("actors/x.cpp", "adapters/http/x.cpp", "runtime/x.cpp",
                             "messages/x.hpp", "config/x.cpp"):
                    with self.subTest(rule=rule, line=line, path=path):
                        self.assertIn(rule, [hit[0] for hit in scan(path, "\n" + line + "\n")])

    def test_nothing_innocent_is_found(self):
        for line in self.GOOD:
            with self.subTest(line=line):
                self.assertEqual(scan("adapters/http/x.cpp", line + "\n"), [])

    def test_a_violation_is_reported_with_its_line(self):
        self.assertEqual(scan("actors/x.cpp", "int a;\n/* b\n */ int c; usleep(3);\n"),
                         [("sleep", 3, "*/ int c; usleep(3);")])

    def test_the_client_program_may_read_files_but_not_sleep(self):
        rules = [hit[0] for hit in scan("adapters/cli/x.cpp", "std::ifstream f{p};\nsleep(1);\n")]
        self.assertEqual(rules, ["sleep"])

    def test_an_entry_allows_exactly_one_line(self):
        hit = ("a/x.cpp", "mutex", 3, "std::mutex m;")
        entry = ("a/x.cpp", "mutex", "std::mutex m;", "why")
        self.assertEqual(judge([hit], [entry]), [])
        self.assertEqual(len(judge([hit], [])), 1)
        self.assertEqual(len(judge([], [entry])), 1, "a stale entry")
        self.assertEqual(len(judge([hit, ("a/x.cpp", "mutex", 9, "std::mutex m;")], [entry])), 1)
        self.assertRaises(ValueError, allowed, "a/x.cpp | mutex\n  std::mutex m;\n")


if __name__ == "__main__":
    unittest.main()
