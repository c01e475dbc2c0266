"""The report of the sessions' bench: one table, as Markdown for a README."""

import itertools

from .report import cell, opening, row

# Bytes and counts that are what they are, with all their digits.
WHOLE = ("",)


def _text(quantity):
    if quantity.unit in WHOLE and not quantity.more_is_better:
        return "{:,.0f}".format
    return None


def _cells(results, quantity, columns):
    text = _text(quantity)
    for column in columns:
        spread = results.spread(quantity, column)
        yield cell(spread, text) if text else cell(spread)
    left, right = columns
    yield cell(results.ratio(quantity, left, right), "{:.2f}".format)


def _table(results, columns_of):
    """`columns_of`: the two columns of a section, {name: title}."""
    yield row(["", "", "beside it", "÷"])
    yield "|---|---:|---:|---:|"
    for section, group in itertools.groupby(results.quantities.values(), lambda q: q.section):
        columns = columns_of(section)
        yield row([f"**{section}**"] + [f"*{title}*" for title in columns.values()] + [""])
        for q in group:
            name = q.name + (f", {q.unit}" if q.unit else "")
            yield row([name, *_cells(results, q, list(columns))])


def markdown(header, results, options, notes, columns_of):
    lines = list(opening(header))
    lines += [f"Median (lowest–highest); rounds: {options.rounds}, interleaved. ÷ is the left "
              "value by the right one, pair by pair within a round.", ""]
    lines += _table(results, columns_of)
    for note in dict.fromkeys(notes):
        lines += ["", note]
    return "\n".join(lines)
