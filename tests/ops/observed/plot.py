"""Every query's answer in one picture, for a person to look at."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import collections, pyplot  # noqa: E402

COLUMNS = 8
_COLOURS = [f"C{n}" for n in range(10)]


def plot(answers, file):
    """`answers`: [(title, [(labels, [(time, value)])])]. Each gets a cell with its least and greatest value; one set
    of axes for all, since a hundred and a half take minutes on a busy machine."""
    rows = -(-len(answers) // COLUMNS)
    figure = pyplot.figure(figsize=(COLUMNS * 2.8, rows * 1.5), dpi=80)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, COLUMNS), ylim=(-rows, 0))
    axes.axis("off")
    for number, (title, series) in enumerate(answers):
        _cell(axes, number % COLUMNS, -(number // COLUMNS) - 1, title, series)
    figure.savefig(file)
    pyplot.close(figure)


def _cell(axes, left, bottom, title, series):
    x0, y0, width, height = left + 0.04, bottom + 0.08, 0.92, 0.76
    axes.add_patch(pyplot.Rectangle((x0, y0), width, height, fill=False, linewidth=0.4))
    axes.text(x0, y0 + height + 0.03, title[-64:], fontsize=6, color="black" if series else "red")
    if not series:
        return
    points = [point for _, several in series for point in several]
    first, last = min(at for at, _ in points), max(at for at, _ in points)
    least, most = min(value for _, value in points), max(value for _, value in points)
    across, up = last - first or 1, most - least or 1
    lines = [[(x0 + width * (at - first) / across, y0 + 0.03 + (height - 0.06) * (value - least) / up)
              for at, value in several] for _, several in series]
    axes.add_collection(collections.LineCollection(lines, colors=_COLOURS, linewidths=0.9))
    axes.text(x0 + width - 0.01, y0 + height - 0.08, f"{most:.4g}", fontsize=5, ha="right")
    axes.text(x0 + width - 0.01, y0 + 0.02, f"{least:.4g}", fontsize=5, ha="right")
    for number, (labels, _) in enumerate(series[:8]):
        named = " ".join(v for k, v in sorted(labels.items()) if k not in ("job", "instance", "__name__"))
        axes.text(x0 + 0.01, y0 + height - 0.08 * (number + 1), named[:40], fontsize=4.5, color=_COLOURS[number])
