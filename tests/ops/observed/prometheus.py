"""A real Prometheus with ops/prometheus' own files; only whom it scrapes, and how often, is the test's."""

import json
import math
import pathlib
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from observed.queries import OPS
from processes import Program, ask, free_port, until


class Prometheus:
    """Scrapes the node at `port` several times a second; ends with its `with` block."""

    INTERVAL = 0.5

    def __init__(self, port):
        self.folder = tempfile.TemporaryDirectory(prefix="conductor-prometheus-")
        place = pathlib.Path(self.folder.name)
        config = yaml.safe_load((OPS / "prometheus/prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
        (place / "prometheus.yml").write_text(yaml.safe_dump(config))
        (place / "rules.yml").write_text((OPS / "prometheus/rules.yml").read_text())
        (place / "targets.yml").write_text(yaml.safe_dump([{"targets": [f"127.0.0.1:{port}"]}]))
        self.port = free_port()
        self.program = Program(["prometheus", f"--config.file={place}/prometheus.yml",
                                f"--web.listen-address=127.0.0.1:{self.port}", f"--storage.tsdb.path={place}/data",
                                "--log.level=warn"], self.port)
        self.began = None

    def __enter__(self):
        try:
            self.program.ready()
            until("its readiness", lambda: ask(self.port, "GET", "/-/ready")[0] == 200)
            until("a first scrape", lambda: any(value == 1 for _, value in self.now("up")))
            self.began = time.time()
        except BaseException as failure:
            self.__exit__(type(failure))
            raise
        return self

    def __exit__(self, kind, *_):
        self.program.__exit__(kind)
        self.folder.cleanup()

    def get(self, path, **arguments):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(arguments, doseq=True)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.loads(answer.read())["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{arguments}: {refused.read().decode()}") from None

    def now(self, query):
        return [(series["metric"], float(series["value"][1])) for series in self.get("query", query=query)["result"]]

    def over_time(self, query, end, step=0.5):
        """[(labels, [(time, value)])] since the first scrape, without what is no number."""
        found = []
        for series in self.get("query_range", query=query, start=self.began, end=end, step=step)["result"]:
            points = [(float(at), float(value)) for at, value in series["values"]]
            points = [(at - self.began, value) for at, value in points if math.isfinite(value)]
            if points:
                found.append((series["metric"], points))
        return found

    def values(self, selector, label):
        """What a variable of a dashboard offers."""
        return self.get(f"label/{label}/values", **{"match[]": selector})
