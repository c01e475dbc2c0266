#!/usr/bin/env python3
"""Nothing points up or sideways: who may include whom, and what stays out of a layer."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from source import ROOT, files, includes, strip

_ADAPTER = ("messages", "config", "adapters/lane", "adapters/log", "adapters/blocking",
            "adapters/cells", "adapters/tls")
# Layer or adapter folder: what of ours it may include besides itself.
MAY_INCLUDE = {
    "messages": (),
    "config": (),
    "actors": ("messages", "config"),
    "adapters/*": _ADAPTER,
    # Bodies are read and changed in place: one scanner of JSON, which knows nobody.
    # WIRE shows what it read to a gate, which reads keys.
    "adapters/http": (*_ADAPTER, "adapters/json", "adapters/keys"),
    "adapters/ollama": (*_ADAPTER, "adapters/json"),
    "adapters/json": (),
    # OpenAI's stored responses are another surface of the native sessions.
    "adapters/responses": ("messages", "adapters/native", "adapters/http"),
    # What hosts the others knows only what it carries; what everyone logs with, nobody.
    "adapters/lane": ("messages", "adapters/log", "adapters/cells", "adapters/tls"),
    # A socket to a peer, which the command-line client has as well.
    "adapters/tls": ("config",),
    "adapters/cells": (),
    "adapters/log": ("config",),
    "adapters/blocking": ("messages", "config", "adapters/lane", "adapters/log"),
    # A client program that speaks the public API: no actor, no message, no lane.
    "adapters/cli": ("config", "adapters/tls"),
    "adapters/console": ("messages",),
    "runtime": ("messages", "config", "actors", "adapters"),
}

_WORLD = (
    r"boost/|nlohmann/|spdlog/|prometheus/|toml|CLI/|sqlite3|nvml|openssl/|curl/"
    r"|f?stream$|iostream$|filesystem$|thread$|stop_token$|future$|condition_variable$|mutex$"
    r"|shared_mutex$|semaphore$|latch$|barrier$|pthread|unistd|fcntl|poll\.h|netdb|sys/|arpa/"
    r"|netinet/|caf/scoped_actor|caf/blocking_actor|caf/function_view|caf/io/|caf/openssl/"
)
# Libraries and system headers that a layer does without.
MAY_NOT_USE = {
    "messages": _WORLD,
    "config": r"caf/|boost/|spdlog/|prometheus/|thread$|mutex$|future$",
    "actors": _WORLD,
    "adapters/tls": r"caf/|spdlog/",
    "adapters/cli": r"caf/|spdlog/|prometheus/",
    "adapters/console": r"caf/",
}

# A clock that a test cannot move: an actor asks CAF's, `self->clock().now()`.
_CLOCK = re.compile(r"\w+\s*::\s*now\s*\(|\b(?:clock_gettime|gettimeofday|time)\s*\(\s*(?:NULL|nullptr|0|CLOCK)")

# CAF keeps a watcher's storage for as long as what he watched lives. Nobody calls `monitor`,
# but holds a `monitored`; except who does not end before what he watches does.
_MONITOR = re.compile(r"(?<![\w>.:])(?:self->|this->)?monitor\s*\(\s*\w")
OUTLIVE = {f"{path}.cpp" for path in (
    "actors/client", "actors/desk", "actors/dispatcher", "actors/dispatcher_fleet", "actors/dispatcher_queue",
    "actors/session_turns", "actors/sessions", "actors/supervisor", "adapters/http/door", "adapters/http/wire_read",
    "adapters/ollama/upstreams")}

REQUIRED = {"CMakeLists.txt", "README.md", "actors", "adapters", "config", "messages", "ops",
            "runtime", "tests"}
ALLOWED = {"CMakePresets.json", "LICENSE", "CHANGELOG.md"}


def part_of(path):
    """`adapters/http/wire.hpp` -> `adapters/http`; `actors/client.hpp` -> `actors`."""
    pieces = path.split("/")
    if pieces[0] == "adapters" and len(pieces) > 2:
        return "/".join(pieces[:2])
    return pieces[0]


def rule_for(table, part):
    if part in table:
        return table[part]
    return table.get("adapters/*") if part.startswith("adapters") else None


def problems_of(path, text):
    """What `path` must not do, as `path:line: sentence`."""
    part = part_of(path)
    may = (part, *rule_for(MAY_INCLUDE, part))
    never = rule_for(MAY_NOT_USE, part)
    found = []
    for line, target, quoted in includes(text):
        at = f"{path}:{line}: "
        if quoted and "/" not in target:
            found.append(at + f'"{target}" is not written from the root')
        elif quoted:
            whose = part_of(target)
            if not any(whose == m or whose.startswith(m + "/") for m in may):
                found.append(at + f"{part} may not include {target}")
            if target == "runtime/main.hpp" or target.endswith(".cpp"):
                found.append(at + f"nobody includes {target}")
        else:
            if never and re.match(never, target):
                found.append(at + f"{part} may not use <{target}>")
            if target in ("caf/all.hpp", "boost/beast.hpp", "boost/asio.hpp"):
                found.append(at + f"<{target}> includes everything")
    code = strip(text)
    if part == "actors":
        for match in _CLOCK.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: an actor reads its clock through CAF, not {match[0]}")
    if path not in OUTLIVE:
        for match in _MONITOR.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: whoever may end first holds a `monitored`")
    if path.endswith(".cpp"):
        own = path[:-4] + ".hpp"
        first = next(includes(text), None)
        if (ROOT / own).exists() and (first is None or first[1] != own):
            found.append(f"{path}:1: its own header comes first")
    elif "#pragma once" not in code:
        found.append(f"{path}:1: has no #pragma once")
    return found


class Tree(unittest.TestCase):
    def test_every_include_points_down(self):
        read = files()
        self.assertGreater(len(read), 40, "hardly any file was found: is the root right?")
        known = {"messages/actors.hpp", "config/settings.hpp", "actors/dispatcher.cpp",
                      "adapters/lane/lane.hpp", "adapters/cli/commands.cpp", "runtime/main.cpp"}
        self.assertFalse(known - set(read), "known files were not read")
        found = []
        for path in read:
            found += problems_of(path, (ROOT / path).read_text())
        self.assertFalse(found, "\n" + "\n".join(found))
        print(f"{len(read)} files read")

    def test_the_top_level_is_what_the_design_says(self):
        listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True,
                                text=True, check=False).stdout.split()
        names = {name.split("/")[0] for name in listed} or {p.name for p in ROOT.iterdir()}
        visible = {name for name in names if not name.startswith(".")} - {"build"}
        self.assertFalse(REQUIRED - visible, "missing at the top")
        self.assertFalse(visible - REQUIRED - ALLOWED, "not in the design's top level")

    def test_the_link_lines_are_the_picture(self):
        text = re.sub(r"#[^\n]*", "", (ROOT / "CMakeLists.txt").read_text())
        links = {}
        for match in re.finditer(r"target_link_libraries\((\w+)\s+([^)]*)\)", text):
            ours = set(re.findall(r"\bconductor_\w+", match[2]))
            links.setdefault(match[1], set()).update(ours)
        down = {
            "conductor_messages": set(),
            "conductor_config": set(),
            "conductor_actors": {"conductor_messages", "conductor_config"},
            "conductor_tls": {"conductor_config"},
            "conductor_adapters": {"conductor_messages", "conductor_config", "conductor_tls"},
            "conductor_cli": {"conductor_config", "conductor_tls"},
            "conductor_runtime": {"conductor_actors", "conductor_adapters"},
        }
        for target, may in down.items():
            self.assertIn(target, links)
            self.assertLessEqual(links[target], may, target)


class Planted(unittest.TestCase):
    """Each violation, planted, is found; its innocent neighbour is not."""

    BAD = [
        ("messages/ids.hpp", '#include "config/settings.hpp"'),
        ("config/load.hpp", '#include "messages/errors.hpp"'),
        ("actors/session.hpp", '#include "adapters/lane/lane.hpp"'),
        ("actors/session.hpp", '#include "runtime/node.hpp"'),
        ("actors/session.hpp", "#include <boost/asio/io_context.hpp>"),
        ("actors/session.hpp", "#include <nlohmann/json.hpp>"),
        ("actors/session.hpp", "#include <spdlog/spdlog.h>"),
        ("actors/session.hpp", "#include <prometheus/counter.h>"),
        ("actors/session.hpp", "#include <thread>"),
        ("actors/session.hpp", "#  include <fstream>"),
        ("actors/session.hpp", "#include <sys/socket.h>"),
        ("actors/session.hpp", "#include <caf/scoped_actor.hpp>"),
        ("actors/session.hpp", "auto t = std::chrono::steady_clock::now();"),
        ("actors/session.hpp", "auto t = request_clock :: now ();"),
        ("actors/session.hpp", "auto t = time(nullptr);"),
        ("actors/session.hpp", "self->monitor(f.reader);"),
        ("adapters/native/talk.hpp", "monitor(session);"),
        ("adapters/http/wire.hpp", '#include "actors/client.hpp"'),
        ("adapters/http/wire.hpp", '#include "adapters/ollama/link.hpp"'),
        ("adapters/http/wire.hpp", '#include "wire.hpp"'),
        ("adapters/http/wire.hpp", '#include "runtime/node.hpp"'),
        ("adapters/http/wire.hpp", "#include <boost/beast.hpp>"),
        ("adapters/lane/lane.hpp", '#include "adapters/http/wire.hpp"'),
        ("adapters/json/scan.hpp", '#include "adapters/http/wire.hpp"'),
        ("adapters/native/x.hpp", '#include "adapters/json/scan.hpp"'),
        ("adapters/lane/lane.hpp", '#include "config/settings.hpp"'),
        ("adapters/cli/run.hpp", '#include "messages/errors.hpp"'),
        ("adapters/cli/run.hpp", '#include "adapters/lane/lane.hpp"'),
        ("adapters/cli/run.hpp", "#include <caf/actor.hpp>"),
        ("runtime/node.hpp", '#include "runtime/main.cpp"'),
        ("runtime/node.hpp", '#include "tests/support/scripted_ollama.hpp"'),
    ]
    GOOD = [
        ("actors/session.hpp", '#include "messages/actors.hpp"'),
        ("actors/session.hpp", '#include "config/settings.hpp"'),
        ("actors/session.hpp", '#include "actors/turn.hpp"'),
        ("actors/session.hpp", '// #include "adapters/lane/lane.hpp"'),
        ("actors/session.hpp", "/*\n#include <thread>\n*/"),
        ("actors/session.hpp", "auto t = self->clock().now();"),
        ("actors/session.hpp", 'auto t = "steady_clock::now()";'),
        ("actors/session.hpp", "self->demonitor(x); monitored end{self, x}; gpus->monitor();"),
        ("adapters/http/wire.hpp", '#include "adapters/lane/hosted.hpp"'),
        ("adapters/ollama/x.hpp", '#include "adapters/json/scan.hpp"'),
        ("adapters/native/x.hpp", "auto t = std::chrono::steady_clock::now();"),
        ("runtime/node.hpp", '#include "actors/client.hpp"'),
    ]

    def test_every_planted_violation_is_found(self):
        for path, line in self.BAD:
            with self.subTest(path=path, line=line):
                self.assertEqual(len(problems_of(path, "#pragma once\n" + line + "\n")), 1)

    def test_nothing_innocent_is_found(self):
        for path, line in self.GOOD:
            with self.subTest(path=path, line=line):
                self.assertEqual(problems_of(path, "#pragma once\n" + line + "\n"), [])

    def test_a_missing_folder_reads_nothing(self):
        with tempfile.TemporaryDirectory() as empty:
            self.assertEqual(files(pathlib.Path(empty)), [])


if __name__ == "__main__":
    unittest.main()
