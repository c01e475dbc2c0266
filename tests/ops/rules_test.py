"""Prometheus takes ops/prometheus as it is, and each alert is proven: by a test in which it fires, and by one in which
it does not although its series are there. Whoever changes a threshold or a `for` breaks one: rules_test.py."""

import concurrent.futures
import copy
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from observed import promql

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "ops" / "prometheus"
SEVERITIES = {"critical", "warning", "info"}
# What no number can weaken, with the reason.
UNWEAKENED = {"ConductorAbsent": "absent() compares with nothing; its firing test is the proof"}


def promtool(*arguments, folder=FOLDER):
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def load(name):
    return yaml.safe_load((FOLDER / name).read_text())


def alerts_of(rules):
    return {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule}


def raw_names(rules, expression):
    """The scraped series behind an expression, through what is recorded."""
    recorded = {r["record"]: r["expr"] for g in rules["groups"] for r in g["rules"] if "record" in r}
    found = set()
    for name in promql.names(expression):
        found |= raw_names(rules, recorded[name]) if name in recorded else {name}
    return found


def unproven(rules, tests):
    """What the tests leave open, as sentences."""
    found, cases = [], {}
    for block in tests["tests"]:
        given = {re.match(r"[\w:]+", series["series"])[0] for series in block["input_series"]}
        for case in block["alert_rule_test"]:
            cases.setdefault(case["alertname"], []).append((bool(case["exp_alerts"]), given))
    alerts = alerts_of(rules)
    for name, alert in alerts.items():
        needs = raw_names(rules, alert["expr"])
        for fires, words in ((True, "fires"), (False, "does not fire")):
            if not any(f == fires and needs <= given for f, given in cases.get(name, ())):
                found.append(f"no test with {', '.join(sorted(needs))} says that {name} {words}")
        if alert["labels"].get("severity") not in SEVERITIES:
            found.append(f"{name} has no severity of {sorted(SEVERITIES)}")
        for key in ("summary", "description"):
            if not alert.get("annotations", {}).get(key, "").strip():
                found.append(f"{name} has no {key}")
    return found + [f"a test names {name}, which is no alert" for name in cases if name not in alerts]


def mutants(alert):
    """(what was done, the alert): nothing, then weaker in one place each, or never firing."""
    expression = alert["expr"]
    yield "is as it is", alert
    yield "never fires", {**alert, "expr": "vector(0) > 1"}
    if "for" in alert:
        yield "does not wait", {k: v for k, v in alert.items() if k != "for"}
    for begin, end in promql.comparisons(expression):
        wider = "<= bool 1e9 == 1" if "<" in expression[begin:end] else ">= -1e9"
        number = re.match(r"\s*-?[\d.]+", expression[end:])
        yield (f"no {expression[begin:end + number.end()]!r}",
               {**alert, "expr": expression[:begin] + wider + expression[end + number.end():]})


class Files(unittest.TestCase):
    def test_prometheus_takes_the_configuration_and_the_rules(self):
        for arguments in (("check", "config", "prometheus.yml"), ("check", "rules", "rules.yml")):
            status, said = promtool(*arguments)
            self.assertEqual(status, 0, said)
            self.assertIn(f"{sum(len(g['rules']) for g in load('rules.yml')['groups'])} rules found"
                          if "rules" in arguments else "1 rule files found", said)

    def test_the_rules_do_what_their_tests_say(self):
        status, said = promtool("test", "rules", "rules_test.yml")
        self.assertEqual(status, 0, said)


class Proof(unittest.TestCase):
    def setUp(self):
        self.rules, self.tests = load("rules.yml"), load("rules_test.yml")

    def test_every_alert_has_a_test_that_it_fires_and_one_that_it_does_not(self):
        self.assertGreater(len(alerts_of(self.rules)), 20)
        self.assertEqual(unproven(self.rules, self.tests), [])

    def test_a_test_that_is_taken_away_is_missed(self):
        for index, block in enumerate(self.tests["tests"]):
            for fires in (True, False):
                fewer = copy.deepcopy(self.tests)
                kept = [c for c in block["alert_rule_test"] if bool(c["exp_alerts"]) != fires]
                fewer["tests"][index]["alert_rule_test"] = kept
                with self.subTest(block=block["name"], fires=fires):
                    self.assertEqual(len(unproven(self.rules, fewer)), 1)

    def test_a_test_without_the_series_proves_nothing(self):
        empty = copy.deepcopy(self.tests)
        empty["tests"][0]["input_series"] = []
        self.assertEqual(len(unproven(self.rules, empty)), 2)

    def test_an_alert_without_severity_or_words_is_found(self):
        bare = copy.deepcopy(self.rules)
        alert = bare["groups"][1]["rules"][0]
        alert["labels"], alert["annotations"] = {}, {"summary": " "}
        self.assertEqual(len(unproven(bare, self.tests)), 3)

    def test_no_part_of_an_alert_can_be_weakened_unnoticed(self):
        blocks = {block["name"]: block for block in self.tests["tests"]}
        jobs = []
        for name, alert in alerts_of(self.rules).items():
            made = list(mutants(alert))
            self.assertEqual(any(what.startswith("no ") for what, _ in made), name not in UNWEAKENED, name)
            jobs.append((name, made, blocks[name]))
        self.assertGreater(sum(len(made) for _, made, _ in jobs), 80)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            unnoticed = sum(pool.map(lambda job: self.unnoticed(*job), jobs), [])
        same = [f"{name}: is as it is" for name, *_ in jobs]
        self.maxDiff = None
        self.assertEqual(unnoticed, same, "these changes, and only these, break no test")

    def unnoticed(self, name, made, block):
        """Of an alert's mutants, each under a name of its own, those that its tests take for it."""
        rules, cases = [], []
        for number, (_, mutant) in enumerate(made):
            mine = f"Mutant{number}"
            rules.append({**mutant, "alert": mine})
            cases += [{**case, "alertname": mine} for case in block["alert_rule_test"]]
        recorded = self.rules["groups"][0]
        with tempfile.TemporaryDirectory() as folder:
            for file, content in (
                    ("rules.yml", {"groups": [recorded, {"name": "mutants", "rules": rules}]}),
                    ("tests.yml", {"rule_files": ["rules.yml"], "evaluation_interval": "1m",
                                   "group_eval_order": [recorded["name"], "mutants"],
                                   "tests": [{**block, "alert_rule_test": cases}]})):
                (pathlib.Path(folder) / file).write_text(yaml.safe_dump(content))
            status, said = promtool("test", "rules", "tests.yml", folder=folder)
        self.assertIn("SUCCESS" if status == 0 else "FAILED", said)
        noticed = {int(number) for number in re.findall(r"alertname: Mutant(\d+),", said)}
        return [f"{name}: {what}" for number, (what, _) in enumerate(made) if number not in noticed]


class Reading(unittest.TestCase):
    def test_names_are_series_and_nothing_else(self):
        for expression, wanted in {
            'sum by (job) (rate(a_total{x="b > c"}[5m])) / on (job) d:e > bool 1': {"a_total", "d:e"},
            "histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m]))) and y unless z offset 5m": {
                "x_bucket", "y", "z"},
            "vector(1) > 1e9": set(),
        }.items():
            self.assertEqual(promql.names(expression), wanted, expression)

    def test_operands_hide_nothing(self):
        self.assertEqual(promql.operands('a{x!="1"} > 2 and on (i) sum by (i) (b or c) >= 3 unless d'),
                         ['a{x!="1"} > bool 2', "sum by (i) (b or c) >= bool 3", "d"])


if __name__ == "__main__":
    unittest.main()
