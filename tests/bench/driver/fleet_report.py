"""The report of the fleet's bench: one table, as Markdown for a README."""

import itertools

from .fleet_stage import TITLES
from .report import cell, opening, row


def _table(results, only):
    yield row([""] + [TITLES[c] for c in only])
    yield "|---|" + "---:|" * len(only)
    for section, group in itertools.groupby(results.quantities.values(), lambda q: q.section):
        yield row([f"**{section}**"] + [""] * len(only))
        for q in group:
            name = q.name + (f", {q.unit}" if q.unit and q.unit != "1/s" else "")
            text = None if q.unit else "{:,.0f}".format
            spreads = [results.spread(q, c) for c in only]
            yield row([name, *(cell(s, text) if text else cell(s) for s in spreads)])


def markdown(header, results, options, notes):
    lines = list(opening(header))
    lines += [f"Median (lowest–highest); rounds: {options.rounds}, interleaved.", ""]
    lines += _table(results, options.only)
    for note in dict.fromkeys(notes):
        lines += ["", note]
    return "\n".join(lines)
