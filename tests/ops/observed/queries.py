"""What dashboards and rules ask Prometheus."""

import functools
import json
import pathlib
import re

import yaml

from observed import promql

OPS = pathlib.Path(__file__).resolve().parents[3] / "ops"
RULES = OPS / "prometheus" / "rules.yml"
DASHBOARDS = OPS / "grafana" / "dashboards"
# Kept by Prometheus itself.
PROMETHEUS_OWN = {"up", "ALERTS", "scrape_duration_seconds"}


def dashboards():
    """{file's name: dashboard}"""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def panel_queries(boards):
    """[(where, query)]: of every panel, and of every annotation."""
    found = []
    for name, board in boards.items():
        for row, panel in with_rows(board):
            for target in panel["targets"]:
                found.append((f"{name} / {row} / {panel['title']} {target['refId']}", target["expr"]))
        for note in board["annotations"]["list"]:
            found.append((f"{name} / annotation {note['name']}", note["expr"]))
    return found


def with_rows(board):
    """[(title of its row, panel)]"""
    found, row = [], ""
    for panel in board["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        else:
            found.append((row, panel))
    return found


def variable_queries(boards):
    """{variable: (its query's selector, the label)}; the same in every dashboard."""
    found = {}
    for board in boards.values():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                assert found.setdefault(variable["name"], (selector, label)) == (selector, label), variable["name"]
    return found


def filled(query, values):
    """The query as Grafana sends it: `$name` is its value."""

    def value(match):
        return values[match[1]]

    return re.sub(r"\$(\w+)", value, query)


@functools.cache
def rules():
    """[(where, expression, whether it is recorded)]"""
    found = []
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            found.append((rule.get("record") or rule["alert"], rule["expr"], "record" in rule))
    return found


def labels_asked(boards):
    """[(where, expression, labels)]: those that it, its legend or its alert's words name."""
    found = []
    for name, board in boards.items():
        for row, panel in with_rows(board):
            for target in panel["targets"]:
                legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                found.append((f"{name} / {row} / {panel['title']}", target["expr"], legend))
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            words = set(re.findall(r"\$labels\.(\w+)", str(rule.get("annotations"))))
            found.append((rule.get("record") or rule["alert"], rule["expr"], words))
    return [(where, query, more | promql.labels(query)) for where, query, more in found]


def scraped_names(expression):
    """The series that a node must have for it, through what is recorded; of a histogram its name."""
    recorded = {name: recorded for name, recorded, is_recorded in rules() if is_recorded}
    found = set()
    for name in promql.names(expression) - PROMETHEUS_OWN:
        found |= scraped_names(recorded[name]) if name in recorded else {re.sub(r"_(?:bucket|sum|count)$", "", name)}
    return found
