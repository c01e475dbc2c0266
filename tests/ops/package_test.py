#!/usr/bin/env python3
"""The Debian package on a Debian 12 that runs systemd: package_test.py PACKAGE SCRIPTED_OLLAMA. Installed, used, restarted
under load, stuck and revived, removed, purged; then nothing of it is left."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from container import Container, base

PACKAGE, OLLAMA = sys.argv[1:3]
# What a running system writes by itself.
RESTLESS = re.compile(r"/(?:run|tmp|proc|sys|dev|var/(?:log|tmp|cache|lib/systemd|lib/dpkg))(?:/|$)|/etc/(?:passwd|group"
                      r"|shadow|gshadow|subuid|subgid)-$|/etc/\.(?:pwd\.lock|updated)$|/etc/machine-id$|/var/\.updated$")


def field(name):
    return subprocess.run(["dpkg-deb", "-f", PACKAGE, name], capture_output=True, text=True, check=True).stdout.strip()


class Clients:
    """Asks for ever from inside the container."""

    def __init__(self, container):
        helper = pathlib.Path(__file__).with_name("package_clients.py")
        self.process = subprocess.Popen(["nsenter", "-t", str(container.leader), "-n", sys.executable, "-B", str(helper),
                                         "11435"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.more()

    def more(self):
        """Waits for thirty more answers."""
        for _ in range(3):
            assert self.process.stdout.readline().strip().isdigit()

    def end(self):
        out = self.process.communicate("", timeout=90)[0]
        return json.loads(out.splitlines()[-1])


class Package(unittest.TestCase):
    maxDiff = None

    def test_its_whole_life(self):
        depends = {re.sub(r"[ (].*", "", d.strip()) for d in field("Depends").split(",")}
        lower = base(depends | {"systemd-sysv"})
        with Container(lower, {"conductor.deb": PACKAGE, "usr/bin/scripted-ollama": OLLAMA}) as self.c:
            before, users = self.everything(), self.read("/etc/passwd")
            self.install()
            self.serves_as_configured()
            self.is_reached_by_any_user()
            self.restarts_and_hot_upgrades_refuse_nobody()
            self.is_revived_when_it_is_stuck()
            self.keeps_what_the_operator_changed()
            self.is_removed()
            self.is_purged(before, users)

    def c_path(self, path):
        return self.c.root / path.lstrip("/")

    def read(self, path):
        return self.c_path(path).read_text()

    def everything(self):
        """All paths that a package could have left."""
        root, found = str(self.c.root), set()
        for folder, folders, files in os.walk(root):
            here = folder.removeprefix(root)
            folders[:] = [f for f in folders if not RESTLESS.match(f"{here}/{f}")]
            found.update(f"{here}/{name}" for name in folders + files if not RESTLESS.match(f"{here}/{name}"))
        return found

    def show(self, unit, *names):
        out = self.c.run("systemctl", "show", unit, "-p", ",".join(names))
        values = dict(line.split("=", 1) for line in out.splitlines())
        return [values[name] for name in names]

    def ask(self, port, path, body=None):
        """From inside: (status, body)."""
        script = ("import http.client,sys;c=http.client.HTTPConnection('127.0.0.1',int(sys.argv[1]),timeout=20);"
                  "c.request('POST' if len(sys.argv)>3 else 'GET',sys.argv[2],*sys.argv[3:]);r=c.getresponse();"
                  "print(r.status);print(r.read().decode())")
        out = subprocess.run(["nsenter", "-t", str(self.c.leader), "-n", sys.executable, "-c", script, str(port), path,
                              *([body] if body else [])], capture_output=True, text=True)
        status, _, said = out.stdout.partition("\n")
        return int(status or 0), said

    def install(self):
        self.c.run("systemd-run", "--unit=scripted-ollama", "/usr/bin/scripted-ollama", "--port", "11434")
        said = self.c.run("dpkg", "-i", "/conductor.deb")
        self.assertIn("Setting up conductor", said)

    def serves_as_configured(self):
        self.c.until("the node", lambda: self.show("conductor.service", "ActiveState") == ["active"])
        self.c.until("readiness", lambda: self.ask(11436, "/readyz")[0] == 200)
        self.assertEqual(self.ask(11436, "/healthz"), (200, "ok\n\n"))
        self.assertEqual(self.show("conductor.service", "Type", "NRestarts", "User", "Result"),
                         ["notify", "0", "conductor", "success"])
        self.assertIn("listens on 127.0.0.1:11435, unix:/run/conductor/conductor.sock, 127.0.0.1:11436",
                      self.show("conductor.service", "StatusText")[0])
        self.assertEqual(self.c.run("stat", "-c", "%U:%G %a", "/etc/conductor/conductor.toml", "/var/lib/conductor",
                                    "/var/lib/conductor/conductor.db").split("\n")[:-1],
                         ["root:conductor 640", "conductor:conductor 700", "conductor:conductor 600"])
        for unit in ("conductor.service", "conductor.socket", "conductor-admin.socket"):
            self.assertEqual(self.c.run("systemctl", "is-enabled", unit).strip(), "enabled")
        # The sandbox holds.
        pid = self.show("conductor.service", "MainPID")[0]
        status = self.c.run("cat", f"/proc/{pid}/status")
        self.assertRegex(status, r"NoNewPrivs:\s*1")
        self.assertRegex(status, r"CapEff:\s*0{16}")
        self.assertRegex(status, r"Seccomp:\s*2")

    def is_reached_by_any_user(self):
        said = self.c.run("setpriv", "--reuid=nobody", "--clear-groups", "--regid=nogroup", "conductor", "run", "canned",
                          "hi", "--host", "unix:/run/conductor/conductor.sock")
        self.assertGreater(len(said.split()), 5)
        self.assertIn("conductor.1.gz", self.c.run("dpkg", "-L", "conductor"))
        self.c.run("conductor", "sessions", "ls")

    def restarts_and_hot_upgrades_refuse_nobody(self):
        clients = Clients(self.c)
        first = self.show("conductor.service", "MainPID")
        self.c.run("systemctl", "restart", "conductor.service")
        clients.more()
        second = self.show("conductor.service", "MainPID")
        self.c.run("systemctl", "reload", "conductor.service")
        clients.more()
        self.assertEqual(self.show("conductor.service", "MainPID", "ActiveState"), [*second, "active"])
        self.c.run("systemctl", "kill", "--kill-whom=main", "--signal=USR2", "conductor.service")
        self.c.until("another process", lambda: self.show("conductor.service", "MainPID") not in (first, second))
        third = self.show("conductor.service", "MainPID")
        self.c.until("the end of the one before", lambda: self.c.run(
            "cat", f"/sys/fs/cgroup/systemd/{self.show('conductor.service', 'ControlGroup')[0]}/cgroup.procs",
            check=False).split() in ([], third))
        clients.more()
        self.assertEqual(self.show("conductor.service", "ActiveState", "NRestarts", "MainPID"), ["active", "0", *third])
        self.c.run("dpkg", "-i", "/conductor.deb")  # an upgrade
        clients.more()
        done = clients.end()
        self.assertEqual(done["failures"], [])
        self.assertEqual(len({*first, *second, *third, *self.show("conductor.service", "MainPID")}), 4)

    def is_revived_when_it_is_stuck(self):
        drop_in = self.c_path("/etc/systemd/system/conductor.service.d")
        drop_in.mkdir()
        (drop_in / "soon.conf").write_text("[Service]\nWatchdogSec=2s\n")
        self.c.run("systemctl", "daemon-reload")
        self.c.run("systemctl", "restart", "conductor.service")
        self.c.until("readiness", lambda: self.ask(11436, "/readyz")[0] == 200)
        self.c.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "conductor.service")
        self.c.until("another node", lambda: self.show("conductor.service", "NRestarts", "ActiveState") == ["1", "active"])
        self.c.until("readiness", lambda: self.ask(11436, "/readyz")[0] == 200)
        shutil.rmtree(drop_in)
        self.c.run("systemctl", "daemon-reload")

    def keeps_what_the_operator_changed(self):
        config = self.c_path("/etc/conductor/conductor.toml")
        config.write_text(config.read_text() + "# mine\n")
        self.c.run("systemctl", "disable", "conductor.service")
        self.c.run("dpkg", "-i", "/conductor.deb")
        self.assertTrue(config.read_text().endswith("# mine\n"))
        self.assertEqual(self.c.run("systemctl", "is-enabled", "conductor.service", check=False).strip(), "disabled")

    def is_removed(self):
        self.c.run("dpkg", "-r", "conductor")
        self.assertEqual(self.ask(11435, "/healthz")[0], 0, "somebody still listens")
        self.assertFalse(self.c_path("/usr/bin/conductor").exists())
        self.assertFalse(self.c_path("/run/conductor/conductor.sock").exists())
        self.assertTrue(self.c_path("/etc/conductor/conductor.toml").exists())
        self.assertTrue(self.c_path("/var/lib/conductor/conductor.db").exists())

    def is_purged(self, before, users):
        self.c.run("dpkg", "-P", "conductor")
        self.assertEqual(sorted(self.everything() - before), [])
        self.assertEqual(sorted(before - self.everything()), [])
        self.assertEqual(self.read("/etc/passwd"), users)
        self.assertFalse(self.c_path("/run/conductor").exists())
        self.assertEqual(self.c.run("systemctl", "list-unit-files", "conductor*", "--no-legend", check=False), "")
        self.assertIn("0 loaded units listed", self.c.run("systemctl", "list-units", "--all", "conductor*"))


class Lint(unittest.TestCase):
    def test_lintian_finds_no_error(self):
        if shutil.which("lintian") is None:
            self.skipTest("SKIPPED: lintian is not installed")
        found = subprocess.run(["lintian", "--allow-root", "--tag-display-limit", "0", PACKAGE], capture_output=True,
                               text=True)
        print(found.stdout)
        self.assertEqual([line for line in found.stdout.splitlines() if line.startswith("E:")], [])
        self.assertEqual(found.returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
