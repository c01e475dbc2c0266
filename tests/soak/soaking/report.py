"""The Markdown table of a soak, and what it must hold."""

import collections
import re

from chaos.records import PATHS, TURNS

VERDICTS = ("whole", "failed", "garbled", "left", "cancelled", "broken")
# Kinds of broken promises, by the judges' words; the first that fits counts.
KINDS = {
    "acknowledged and lost": r"acknowledged and lost|keys that were acknowledged",
    "records lost, doubled or mixed": r"records lost|is done and (lacks|says)|no answer to|told .* and kept|where .* happened",
    "ended more than once": r"ended more than once|records behind|ended [2-9] times|taken twice",
    "wrong bytes": r"another text|another request's id|framing|none of its dialect|inside a record|garbage",
    "without an end": r"neither its last record|cut without a word|no end within|without an answer|ended 0 times|to end",
    "something else": "",
}
# What must have happened, or the run says nothing.
NEEDED = ("key made", "key given another secret", "key revoked", "refused, key counts no more", "answer for a key",
          "cancelled by its id", "message acknowledged")
NEEDED_OF_OUTAGES = ("session, went on behind an outage", "trouble, node_killed", "trouble, node_handed_over")
NEEDED_OF_CALM = ("session, one node", "session, erased")
NEEDED_OF_CHANGES = ("trouble, backend_added", "trouble, backend_removed", "trouble, wrong_configuration")
COMES_BACK = ("killed", "down", "flapping", "other_models")  # faults that are a server's death and return


def kinds_of(complaints):
    counts = collections.Counter({kind: 0 for kind in KINDS})
    for text in complaints:
        counts[next(kind for kind, words in KINDS.items() if re.search(words, text))] += 1
    return counts


def missing(tally, faults, needed):
    """What did not happen."""
    gone = [f"no {surface} answer was whole" for surface in (*PATHS, *TURNS) if not tally.total(surface, None, "whole")]
    gone += [f"no answer was {verdict}" for verdict in ("failed", "left", "cancelled") if not tally.total(verdict=verdict)]
    gone += [f"nothing counted as: {what}" for what in needed if not tally.done.get(what)]
    if not any(what.startswith("slow reader, whole") for what in tally.done):
        gone.append("no slow reader got all")
    if not sum(faults[name] for name in COMES_BACK):
        gone.append("no backend died and came back")
    return gone


def table(tally, faults, found, margins, most):
    rows = [("asked", *VERDICTS), ("---", *("---:",) * len(VERDICTS))]
    for surface in (*PATHS, *TURNS):
        rows.append((surface, *(f"{tally.total(surface, None, verdict):,}" for verdict in VERDICTS)))
    rows.append(("**all**", *(f"{tally.total(verdict=verdict):,}" for verdict in VERDICTS)))
    blocks = [rows, [("done", "times"), ("---", "---:"), *((what, f"{n:,}") for what, n in sorted(tally.done.items())),
                     *((f"server {fault}", f"{n:,}") for fault, n in sorted(faults.items()))]]
    if found:
        blocks.append([("of the long life", "first third", "last third", "may be"), ("---", "---:", "---:", "---:")] + [
            (what, f"{first:,.4g}" if first < 10 else f"{first:,.0f}", f"{last:,.4g}" if last < 10 else f"{last:,.0f}",
             f"{margins[what].factor:g} x + {margins[what].more:,g} {margins[what].unit}")
            for what, (first, last) in found.items()])
    blocks.append([("at most", ""), ("---", "---:"), *((what, f"{n:,}") for what, n in most.items())])
    blocks.append([("broken promises", "times"), ("---", "---:"), *((kind, n) for kind, n in kinds_of(tally.complaints).items())])
    return "\n\n".join("\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in block) for block in blocks)
