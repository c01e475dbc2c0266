"""Debian 12 in a container that boots a real systemd, with no network but its own loopback. Needs root, mmdebstrap and
systemd-nspawn, and for the first time a mirror; what is missing is said, and the test is skipped."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
PATIENCE = 60.0


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    sys.exit(SKIPPED)


def base(packages):
    """A folder with the system and these packages, made once for each list of them."""
    if os.geteuid() != 0:
        skip("a container needs root")
    for tool in ("mmdebstrap", "systemd-nspawn", "nsenter"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    options = ["--variant=essential", "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=force-unsafe-io",
               "--dpkgopt=path-exclude=/usr/share/locale/*", "--include=" + ",".join(sorted(packages)), "bookworm"]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "conductor")
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"debian12-{hashlib.sha256(repr(options).encode()).hexdigest()[:12]}"
    if not place.exists():
        for old in cache.glob("debian12-*"):
            shutil.rmtree(old)
        print("making a Debian 12, which takes a minute or two", flush=True)
        fresh = tempfile.mkdtemp(prefix="debian12.new-", dir=cache)
        made = subprocess.run(["mmdebstrap", "--quiet", *options, fresh], capture_output=True, text=True)
        if made.returncode != 0:
            shutil.rmtree(fresh)
            skip(f"no Debian 12 can be made here: {made.stderr.strip()[-500:]}")
        os.rename(fresh, place)
    return place


class Container:
    """Boots with its `with` block, and is gone without a trace after it."""

    def __init__(self, lower, files):
        """`files`: what is laid into it, by where."""
        self.work = tempfile.TemporaryDirectory(prefix="conductor-container-")
        self.root = pathlib.Path(self.work.name, "root")
        self.lower, self.files = lower, files

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.callback(self.work.cleanup)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.work.name], check=True)
            undo.callback(subprocess.run, ["umount", self.work.name], check=True)
            for name in ("root", "upper", "work"):
                pathlib.Path(self.work.name, name).mkdir()
            subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                            f"lowerdir={self.lower},upperdir={self.work.name}/upper,workdir={self.work.name}/work",
                            str(self.root)], check=True)
            undo.callback(subprocess.run, ["umount", str(self.root)], check=True)
            for name, source in self.files.items():
                shutil.copy(source, self.root / name)
            with open(pathlib.Path(self.work.name, "console"), "w") as console:
                self.process = subprocess.Popen(
                    ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network",
                     "--console=read-only", "--machine=conductor-test", "-D", str(self.root)],
                    stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
            undo.callback(self.stop)
            self.leader = self.until("its first process", self.first_process)
            self.until("the system", lambda: self.run("systemctl", "is-system-running", check=False).strip()
                       in ("running", "degraded"))
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self.undo.close()

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.process.kill()
        self.process.wait()

    def first_process(self):
        """Of the container; that of nspawn itself is still on its way where it is not `systemd`."""
        if self.process.poll() is not None:
            console = pathlib.Path(self.work.name, "console").read_text()
            skip(f"no container boots here: {console[-500:]}")
        for child in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{child}/comm").read_text() == "systemd\n":
                    return int(child)
        return None

    def enter(self, *words):
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-r", "-w", *words]

    def run(self, *words, check=True):
        """Runs it inside and returns what it said."""
        done = subprocess.run(self.enter("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                                         "DEBIAN_FRONTEND=noninteractive", *words),
                              capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @staticmethod
    def until(what, true, patience=PATIENCE):
        end = time.monotonic() + patience
        while True:
            value = true()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"waited {patience} s for {what}")
            time.sleep(0.1)
