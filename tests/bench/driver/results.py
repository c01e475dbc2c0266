"""What was measured: for every quantity and contender one value per round."""

import collections
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Quantity:
    section: str
    name: str
    unit: str
    more_is_better: bool = False
    compared: bool = True  # a ratio says something

    @property
    def key(self):
        return f"{self.section}: {self.name}"


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values))


class Results:
    def __init__(self):
        self.quantities = {}  # key: Quantity, in the order of the report
        self._values = collections.defaultdict(dict)  # (key, contender): {round: value}
        self.raw = []

    def add(self, quantity, contender, round_, value):
        self.quantities.setdefault(quantity.key, quantity)
        if value is not None:
            self._values[quantity.key, contender][round_] = value

    def spread(self, quantity, contender):
        """Over the rounds; None where nothing was measured."""
        values = self._values.get((quantity.key, contender))
        return Spread.of(values.values()) if values else None

    def ratio(self, quantity, contender, other):
        """Contender by other, pair by pair within each round, so that what the machine did
        to both cancels out; None where there is no pair."""
        a, b = (self._values.get((quantity.key, c), {}) for c in (contender, other))
        pairs = [a[r] / b[r] for r in sorted(a) if b.get(r)]
        return Spread.of(pairs) if pairs and quantity.compared else None

    def as_json(self):
        return {"rounds": [{"section": self.quantities[key].section,
                            "name": self.quantities[key].name,
                            "unit": self.quantities[key].unit, "contender": contender,
                            "values": list(values.values())}
                           for (key, contender), values in self._values.items()],
                "load_generator": self.raw}
