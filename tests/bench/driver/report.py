"""The report, as Markdown for a README."""

import itertools

from .goals import OTHERS

TITLES = {"direct": "direct", **OTHERS, "conductor": "Conductor"}
UNITS = {"us": "µs", "1/s": "", "KiB": "KiB", "% of a core": "% of a core"}


def number(value):
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(spread, text=number):
    if spread is None:
        return "–"
    if spread.low == spread.high:
        return text(spread.median)
    return f"{text(spread.median)} ({text(spread.low)}–{text(spread.high)})"


def opening(header):
    """Where and with what it ran, and whether that was quiet enough."""
    versions = ", ".join(f"{name} {version}" for name, version in header["versions"].items())
    yield (f"{header['date']}; {header['cpu']}, {header['cores']} cores, "
           f"Linux {header['kernel']}, load average before {header['load']}; {versions}; "
           f"`{header['command']}`")
    yield ""
    if header["load"] > header["cores"] / 2:
        yield (f"**The machine was busy before (load average {header['load']}): read no "
               "digit of this.**")
        yield ""


def row(cells):
    return "| " + " | ".join(cells) + " |"


def _table(results, only):
    others = [o for o in OTHERS if o in only and "conductor" in only]
    columns = [TITLES[c] for c in only] + [f"÷ {TITLES[o]}" for o in others]
    yield row([""] + columns)
    yield "|---|" + "---:|" * len(columns)
    # Quantities of a section belong together however they were measured.
    quantities = list(results.quantities.values())
    sections = list(dict.fromkeys(q.section for q in quantities))
    quantities.sort(key=lambda q: sections.index(q.section))
    for section, group in itertools.groupby(quantities, lambda q: q.section):
        group = list(group)
        unit = UNITS[group[0].unit]
        title = f"**{section}" + (f", {unit}**" if unit else "**")
        yield row([title] + [""] * len(columns))
        for q in group:
            ratios = [cell(results.ratio(q, "conductor", o), "{:.2f}".format) for o in others]
            yield row([q.name] + [cell(results.spread(q, c)) for c in only] + ratios)


def _limited_by_ollama(results, only):
    """Rows in which direct is hardly faster than the fastest proxy: there the scripted
    Ollama, not the proxy, is what is saturated."""
    for q in results.quantities.values():
        if q.more_is_better and "direct" in only:
            spreads = {c: results.spread(q, c) for c in only}
            proxies = [s.median for c, s in spreads.items() if c != "direct" and s]
            if proxies and spreads["direct"].median < 1.2 * max(proxies):
                yield q


def markdown(header, results, options, verdicts):
    lines = list(opening(header))
    lines += [f"Median (lowest–highest); rounds: {options.rounds}, interleaved, of memory and "
              f"idle {options.memory_rounds}. ÷ is Conductor's value by the other's, pair by "
              "pair within a round.", ""]
    lines += _table(results, options.only)
    for q in _limited_by_ollama(results, options.only):
        lines += ["", f"**{q.section}, {q.name}: direct is hardly faster than the fastest proxy, "
                  "so the scripted Ollama is the limit: this row says little about the "
                  "proxies; their processor time does.**"]
    if verdicts:
        met = sum(v.met for v in verdicts)
        lines += ["", f"{met} of {len(verdicts)} goals met:", ""]
        lines += [f"- {v}" for v in verdicts]
    return "\n".join(lines)
