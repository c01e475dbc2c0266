"""A loaded node as Prometheus and an operator see it: live_test.py BUILD CONDUCTOR SCRIPTED_OLLAMA [NVML_STUB].
In BUILD/ops it leaves scrape.txt, of which ops/metrics-reference makes ops/metrics.md, and queries.png."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.request

from prometheus_client.openmetrics import parser as openmetrics

from observed import plot, queries, promql
from observed.world import Clients, ask, world
from observed.prometheus import Prometheus
from processes import until

BUILD, NODE, OLLAMA, *NVML = sys.argv[1:]
PLACE = pathlib.Path(BUILD) / "ops"
LASTING = 12.0
_WANTS_OPENMETRICS = "application/openmetrics-text; version=1.0.0, text/plain; q=0.5"

NO_GPU = "no library that stands in for the driver's was given"
# Names of what is not here, each with the reason; who has it here must take it off the list.
NOT_HERE = {} if NVML else {"conductor_gpu_.+": NO_GPU}
# Queries that return nothing, or no number, although their series are here.
EMPTY = {
    "ConductorAbsent, 1 of 1": "the node is there",
    **{f"{board} / annotation Starts": "the node was started once" for board in queries.dashboards()},
}

reference = importlib.util.module_from_spec(importlib.util.spec_from_loader(
    "reference", importlib.machinery.SourceFileLoader("reference", str(queries.OPS / "metrics-reference"))))
reference.__loader__.exec_module(reference)


def described(there, documented, not_here):
    """(series whose line in the reference is another, lines of series that are not there, series that are there
    although the list says that they are not)"""
    excused = {n for n in {*there, *documented} if any(re.fullmatch(p, n) for p in not_here)}
    return (sorted(n for n, line in there.items() if documented.get(n) != line),
            sorted(documented.keys() - there.keys() - excused), sorted(excused & there.keys()))


def without_label(asked, labels):
    """(where, label) of what no series of a query has; `labels`: those of each series, `job` and `instance` aside."""
    found = []
    for where, query, wanted in asked:
        series = queries.scraped_names(query)
        if series and series <= labels.keys():
            there = {"job", "instance", "le"}.union(*(labels[name] for name in series))
            found += [(where, label) for label in sorted(wanted - there)]
    return found


def empty(answers, there, excused):
    """(queries that return nothing although their series are there, excused ones that return something)"""
    without = {where for where, query, found in answers if not found and queries.scraped_names(query) <= there}
    with_some = {where for where, _, found in answers if found}
    return sorted(without - set(excused)), sorted(set(excused) & with_some)


def accepting(port, accept):
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        PLACE.mkdir(exist_ok=True)
        boards = queries.dashboards()
        with world(NODE, OLLAMA, *NVML) as (node, admin), Prometheus(admin) as prometheus:
            with Clients(node) as clients:
                time.sleep(LASTING)
                cls.kind, cls.rich = accepting(admin, _WANTS_OPENMETRICS)
                cls.scrape = ask(admin, "GET", "/metrics")[1]
                cls.end = time.time()
            cls.answered = clients.answers
            all_of_them = {"instance": ".*", "backend": ".*"}
            cls.variables = {name: prometheus.values(queries.filled(selector, all_of_them), label)
                             for name, (selector, label) in queries.variable_queries(boards).items()}
            values = {name: "(" + "|".join(map(re.escape, found)).replace("\\", "\\\\") + ")"
                      for name, found in cls.variables.items()}
            values["__rate_interval"] = f"{int(8 * prometheus.INTERVAL)}s"
            asked = [(where, queries.filled(q, values)) for where, q in queries.panel_queries(boards)]
            for where, expression, recorded in queries.rules():
                parts = [expression] if recorded else promql.operands(expression)
                asked += [(f"{where}, {n} of {len(parts)}", part) for n, part in enumerate(parts, 1)]
            cls.answers = [(where, q, prometheus.over_time(q, cls.end)) for where, q in asked]
            cls.rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
            cls.metadata = prometheus.get("targets/metadata")
        (PLACE / "scrape.txt").write_text(cls.scrape)
        plot.plot([(where, found) for where, _, found in cls.answers], PLACE / "queries.png")
        cls.families = reference.families(cls.scrape)
        cls.documented = reference.documented((queries.OPS / "metrics.md").read_text())
        cls.used = {}
        for where, query in asked:
            for name in queries.scraped_names(query):
                cls.used.setdefault(name, set()).add(where.split(",")[0].split(" / ")[0])
        print(f"{sum(cls.answered.values())} answers {dict(sorted(cls.answered.items()))}, {len(cls.families)} series, "
              f"{len(cls.answers)} queries, {sum(bool(f) for *_, f in cls.answers)} with data: {PLACE / 'queries.png'}")

    def test_the_load_was_one(self):
        self.assertGreater(self.answered[200], 50)
        self.assertGreater(self.answered[503], 10)

    def test_promtool_finds_nothing_wrong_in_the_text(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape, capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_openmetrics_says_the_same_and_is_strictly_so(self):
        self.assertIn("openmetrics", self.kind)
        found = {(f.name + "_total" if f.type == "counter" else f.name): f
                 for f in openmetrics.text_string_to_metric_families(self.rich)}
        self.assertEqual({n: f.documentation for n, f in found.items()},
                         {n: text for n, (_, text, _) in self.families.items()})
        self.assertTrue(any(s.exemplar for f in found.values() for s in f.samples), "no exemplar")

    def test_every_series_that_is_asked_for_is_there(self):
        lacking = sorted(set(self.used) - set(self.families) - set(self.documented))
        if lacking:
            self.fail(f"{len(lacking)} series are neither in the scrape nor in ops/metrics.md:\n"
                      + "\n".join(f"  {name}: {', '.join(sorted(self.used[name]))}" for name in lacking))

    def test_every_label_that_is_asked_for_is_there(self):
        labels = {name: reference.labels_of(line) for name, line in self.documented.items()}
        labels |= {name: set(found) for name, (_, _, found) in self.families.items()}
        lacking = without_label(queries.labels_asked(queries.dashboards()), labels)
        if lacking:
            lines = sorted({f"  {where}: {label}" for where, label in lacking})
            self.fail("these series have no such label:\n" + "\n".join(lines))

    def test_every_query_of_every_panel_and_rule_returns_data(self):
        without, excess = empty(self.answers, set(self.families), EMPTY)
        self.assertEqual(excess, [], "these return data: take them off EMPTY")
        if without:
            self.fail(f"{len(without)} of {len(self.answers)} queries return nothing:\n  " + "\n  ".join(without))

    def test_every_variable_has_values(self):
        # Models that failed before they were known to be there are `other`.
        self.assertEqual({name: len(set(found) - {"other"}) for name, found in self.variables.items()},
                         {"instance": 1, "backend": 4, "model": 2})

    def test_prometheus_evaluates_every_rule(self):
        self.assertEqual(len(self.rules), len(queries.rules()))
        self.assertEqual([(r["name"], r["lastError"]) for r in self.rules if r["health"] != "ok"], [])

    def test_what_is_wrong_here_is_noticed(self):
        alerts = {r["name"]: {(a["labels"].get("backend"), a["state"]) for a in r["alerts"]}
                  for r in self.rules if r["type"] == "alerting"}
        self.assertIn(("gone", "pending"), alerts["ConductorBackendDown"])
        self.assertNotIn("fails", {backend for backend, _ in alerts["ConductorBackendDown"]})

    def test_every_series_is_described_as_it_is(self):
        wrong, gone, excess = described(reference.rows(self.families), self.documented, NOT_HERE)
        self.assertEqual(excess, [], "these are there: take them off NOT_HERE")
        self.assertEqual((wrong, gone), ([], []), "not as in ops/metrics.md, and only there. Either the node is wrong, "
                         f"or: ops/metrics-reference {PLACE}/scrape.txt > ops/metrics.md")


class Judging(unittest.TestCase):
    """What the live test would not see, it could not complain about."""

    def test_a_line_that_is_wrong_or_too_much_is_found_and_an_excuse_that_is_none_too(self):
        there = {"a": "1", "b": "2", "gpu_x": "3"}
        self.assertEqual(described(there, {"a": "1", "b": "old", "gone": "", "gpu_x": "3", "gpu_y": ""}, {"gpu_.": ""}),
                         (["b"], ["gone"], ["gpu_x"]))

    def test_a_label_that_no_series_of_a_query_has_is_found(self):
        asked = [("p", 'sum by (x, y) (a{z="1"}) / on (x) b', {"x", "y", "z"}), ("q", "unknown", {"x"})]
        self.assertEqual(promql.labels(asked[0][1]), asked[0][2])
        self.assertEqual(without_label(asked, {"a": {"x"}, "b": {"y"}}), [("p", "z")])

    def test_a_query_without_data_is_found_and_an_excuse_that_is_none_too(self):
        answers = [("p", "a", []), ("q", "a", [1]), ("r", "a", []), ("s", "other", [])]
        self.assertEqual(empty(answers, {"a"}, {"q": "", "r": ""}), (["p"], ["q"]))

    def test_a_reference_reads_what_it_wrote(self):
        text = ('# HELP a_seconds How | long.\n# TYPE a_seconds histogram\na_seconds_bucket{x="1",le="+Inf"} 1\n'
                'a_seconds_sum{x="1"} 1\na_seconds_count{x="1"} 1\n'
                '# HELP b_total N.\n# TYPE b_total counter\nb_total 2\n')
        found = reference.families(text)
        self.assertEqual(found, {"a_seconds": ("histogram", "How | long.", ("x",)), "b_total": ("counter", "N.", ())})
        written = reference.documented(reference.markdown(found))
        self.assertEqual(written, reference.rows(found))
        self.assertEqual([reference.labels_of(line) for line in written.values()], [{"x"}, set()])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
