"""What a dashboard of Grafana (10 or later) is made of, as its JSON wants it."""

# What a query's matchers are called in boards.py, and what they are: each narrower than the last.
_NODE = 'job="conductor", instance=~"$instance"'
_BACKEND = _NODE + ', backend=~"$backend"'
MATCHERS = {
    "GENAI": _BACKEND + ', gen_ai_request_model=~"$model"',
    "MODEL": _BACKEND + ', model=~"$model"',
    "BACKEND": _BACKEND,
    "NODE": _NODE,
}
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_VARIABLES = (  # name, label, query
    ("instance", "Node", 'label_values(conductor_uptime_seconds{job="conductor"}, instance)'),
    ("backend", "Backend", 'label_values(conductor_backend_up{instance=~"$instance"}, backend)'),
    ("model", "Model", 'label_values(gen_ai_server_request_duration_seconds_count{instance=~"$instance", '
                       'backend=~"$backend"}, gen_ai_request_model)'),
)


def expression(text):
    """A query as Grafana sends it, but for its variables."""
    for name, matchers in MATCHERS.items():
        text = text.replace("{" + name, "{" + matchers)
    return text


def quantiles(histogram, matchers, by="", shares=(50, 95, 99)):
    """Queries of a histogram's percentiles, by one more label."""
    labels, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    return [(f"histogram_quantile({share / 100}, sum by ({labels}) "
             f"(rate({histogram}_bucket{{{matchers}}}[$__rate_interval])))", f"p{share}{legend}") for share in shares]


def _panel(kind, title, about, queries, unit, width, height, options, field):
    targets = [{"refId": chr(ord("A") + n), "datasource": _SOURCE, "editorMode": "code", "range": True,
                "expr": expression(query), "legendFormat": legend} for n, (query, legend) in enumerate(queries)]
    defaults = {"unit": unit, **field}
    return {"type": kind, "title": title, "description": about, "datasource": _SOURCE, "targets": targets,
            "gridPos": {"w": width, "h": height}, "options": options,
            "fieldConfig": {"defaults": defaults, "overrides": []}}


def graph(title, *queries, unit="short", about="", stacked=False, most=None, width=8):
    """Lines over time; `stacked` fills them one upon the other; `most` is the axis' end."""
    custom = {"lineWidth": 1, "fillOpacity": 30 if stacked else 8, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    field = {"min": 0, "custom": custom, **({} if most is None else {"max": most})}
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return _panel("timeseries", title, about, queries, unit, width, 8, options, field)


def stat(title, query, unit="short", about="", bad_above=None, bad_below=None):
    """One number now, red where it is bad."""
    steps = [{"color": "green", "value": None}]
    if bad_above is not None:
        steps.append({"color": "red", "value": bad_above})
    if bad_below is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": bad_below}]
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
               "colorMode": "value", "graphMode": "area"}
    field = {"thresholds": {"mode": "absolute", "steps": steps}}
    return _panel("stat", title, about, [(query, "")], unit, 4, 4, options, field)


def heatmap(title, query, unit="s", about="", width=8):
    """How a histogram's buckets fill over time."""
    options = {"calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
               "yAxis": {"unit": unit}, "tooltip": {"show": True, "yHistogram": False}}
    made = _panel("heatmap", title, about, [(query, "{{le}}")], unit, width, 8, options, {})
    made["targets"][0]["format"] = "heatmap"
    return made


def table(title, query, about="", width=24, height=6):
    """The labels of what is there now, one line each."""
    made = _panel("table", title, about, [(query, "")], "short", width, height, {"showHeader": True}, {})
    made["targets"][0] |= {"format": "table", "instant": True, "range": False}
    hidden = {"Time": True, "Value": True, "__name__": True, "job": True}
    made["transformations"] = [{"id": "organize", "options": {"excludeByName": hidden}}]
    return made


def dashboard(uid, title, about, rows):
    """Rows of panels, laid out from left to right: {row title: panels}."""
    panels, y = [], 0
    for row, members in rows.items():
        panels.append({"type": "row", "title": row, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        x, y, height = 0, y + 1, 0
        for panel in members:
            place = panel["gridPos"]
            if x + place["w"] > 24:
                x, y, height = 0, y + height, 0
            panels.append(panel | {"gridPos": {"x": x, "y": y, "w": place["w"], "h": place["h"]}})
            x, height = x + place["w"], max(height, place["h"])
        y += height
    return {
        "uid": uid, "title": title, "description": about, "tags": ["conductor"], "schemaVersion": 38, "version": 1,
        "editable": True, "graphTooltip": 1, "refresh": "10s", "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["conductor"], "title": "Conductor", "asDropdown": True,
                   "includeVars": True, "keepTime": True}],
        "templating": {"list": [_datasource(), *(_variable(*v) for v in _VARIABLES)]},
        "annotations": {"list": [{
            "name": "Starts", "datasource": _SOURCE, "enable": True, "iconColor": "blue",
            "titleFormat": "{{instance}} started",
            "expr": expression("changes(process_start_time_seconds{NODE}[$__rate_interval]) > 0")}]},
        "panels": [panel | {"id": number} for number, panel in enumerate(panels, 1)],
    }


def _datasource():
    return {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus", "current": {}}


def _variable(name, label, query):
    return {"type": "query", "name": name, "label": label, "datasource": _SOURCE, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True,
            "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
