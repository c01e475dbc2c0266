"""The dashboards are what boards.py says, and what Grafana can show: dashboards_test.py."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

from observed import queries

GRAFANA = queries.OPS / "grafana"
VALUES = {"instance": ".*", "backend": ".*", "model": ".*", "__rate_interval": "1m"}


def check(folder):
    return subprocess.run([sys.executable, folder / "generate", "--check"], capture_output=True, text=True,
                          check=False)


class Current(unittest.TestCase):
    def test_the_json_is_what_the_generator_writes(self):
        done = check(GRAFANA)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_file_that_was_changed_taken_away_or_added_is_found(self):
        with tempfile.TemporaryDirectory() as temporary:
            copy = pathlib.Path(temporary) / "grafana"
            shutil.copytree(GRAFANA, copy)
            place = copy / "dashboards"
            (place / "gpus.json").write_text((place / "gpus.json").read_text().replace("celsius", "fahrenheit"))
            (place / "queue.json").unlink()
            (place / "more.json").write_text("{}")
            done = check(copy)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(re.findall(r"(\w+)\.json is not", done.stdout), ["gpus", "more", "queue"])


class Shown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.boards = queries.dashboards()

    def test_there_is_one_for_each_question(self):
        self.assertEqual(set(self.boards), {"overview", "latency", "queue", "backends", "gpus"})
        self.assertEqual(len({board["uid"] for board in self.boards.values()}), len(self.boards))

    def test_every_dashboard_has_the_variables_and_no_query_names_another(self):
        for name, board in self.boards.items():
            variables = {v["name"] for v in board["templating"]["list"]}
            self.assertLessEqual({"datasource", "backend", "model"}, variables, name)
            for where, query in queries.panel_queries({name: board}):
                self.assertLessEqual(set(re.findall(r"\$(\w+)", query)), variables | {"__rate_interval"}, where)
            sources = set(re.findall(r"'uid': '([^']*)'", str([p["targets"] for p in queries.panels(board)])))
            self.assertEqual(sources, {"${datasource}"}, name)

    def test_every_panel_has_a_unit_a_title_of_its_own_and_a_place_of_its_own(self):
        for name, board in self.boards.items():
            self.assertGreater(len(queries.panels(board)), 8, name)
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)
            titles = [(row, panel["title"], panel["type"]) for row, panel in queries.with_rows(board)]
            self.assertEqual(len(titles), len(set(titles)), name)
            taken = set()
            for panel in board["panels"]:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
                self.assertFalse(taken & cells, f"{name}: {panel['title']} lies on another")
                taken |= cells
                if panel["type"] != "row":
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"] and panel["targets"], panel["title"])

    def test_prometheus_can_parse_every_query(self):
        asked = queries.panel_queries(self.boards)
        rules = [{"record": "a:query", "expr": queries.filled(query, VALUES), "labels": {"where": where}}
                 for where, query in asked]
        self.assertGreater(len(rules), 100)
        for planted, status in (([], 0), ([{"record": "a:query", "expr": "sum(rate(a_total[1m])"}], 1)):
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "queries.yml"
                file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules + planted}]}))
                done = subprocess.run(["promtool", "check", "rules", "--lint=none", file], capture_output=True,
                                      text=True, check=False)
                self.assertEqual(done.returncode, status, done.stderr)


class Provisioned(unittest.TestCase):
    def test_the_files_are_what_grafana_reads(self):
        source, = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
        self.assertEqual((source["type"], source["access"]), ("prometheus", "proxy"))
        scrape = yaml.safe_load((queries.OPS / "prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
        self.assertEqual(source["jsonData"]["timeInterval"], scrape)
        provider, = yaml.safe_load((GRAFANA / "provisioning/dashboards/conductor.yml").read_text())["providers"]
        self.assertEqual((provider["type"], bool(provider["options"]["path"])), ("file", True))


if __name__ == "__main__":
    unittest.main()
