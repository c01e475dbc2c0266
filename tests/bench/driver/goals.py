"""What Conductor is to reach. A goal that is missed is told, it fails nothing."""

import dataclasses

from .results import Quantity, Spread

OTHERS = {"haproxy": "HAProxy", "nginx": "nginx", "traced": "Conductor, traced"}


@dataclasses.dataclass(frozen=True)
class Verdict:
    quantity: Quantity
    other: str
    limit: float
    ratio: Spread

    @property
    def met(self):
        if self.quantity.more_is_better:
            return self.ratio.median >= self.limit
        return self.ratio.median <= self.limit

    def __str__(self):
        q, r = self.quantity, self.ratio
        sign = ">=" if q.more_is_better else "<="
        return (f"{q.section}, {q.name}: Conductor {r.median:.2f} x {OTHERS[self.other]} "
                f"({r.low:.2f}–{r.high:.2f}; goal {sign} {self.limit:g}): "
                f"{'met' if self.met else 'not met'}")

    def as_json(self):
        return {"quantity": self.quantity.key, "other": self.other, "goal": self.limit,
                "ratio": dataclasses.asdict(self.ratio), "met": self.met}


def _limits(quantity):
    """{other: limit} of a quantity that has a goal."""
    if quantity.section in ("Latency of a chunk", "Requests/s at saturation"):
        return {"haproxy": 1, "nginx": 1}
    if quantity.section == "Time to first record":
        return {"haproxy": 1.5}
    return {}


def check(results):
    verdicts = []
    for quantity in results.quantities.values():
        for other, limit in _limits(quantity).items():
            ratio = results.ratio(quantity, "conductor", other)
            if ratio:
                verdicts.append(Verdict(quantity, other, limit, ratio))
    return verdicts
