"""What happens to the node and its configuration while it is asked."""

import random
import threading
import time

from processes import until

from soaking.place import CHANGING, HURT, STEADY

ALWAYS = {*HURT, STEADY}


def backend_added(place):
    place.configure(ALWAYS | {CHANGING})
    place.reload()
    until("the backend that was added", lambda: CHANGING in place.states())


def backend_removed(place):
    place.configure(ALWAYS)
    place.reload()
    until("the backend's leaving", lambda: CHANGING not in place.states())


def wrong_configuration(place):
    """Changes nothing."""
    names, said = place.names, place.program.log().count("cannot be used")
    place.configure(names, "[queue]\nlimit = \"many\"\n")
    place.reload()
    until("the refusal", lambda: place.program.log().count("cannot be used") > said)
    place.configure(names)
    if set(place.states()) != names:
        raise AssertionError(f"a configuration that cannot be used left {place.states()}, not {names}")


def node_killed(place):
    place.kill()


def node_handed_over(place):
    place.hand_over()


CHANGES = (backend_added, wrong_configuration, backend_removed)
ENDS = (node_killed, node_handed_over)
ROUGH = (backend_added, node_killed, wrong_configuration, node_handed_over, backend_removed, node_killed)


class Troubles(threading.Thread):
    """One after the other until `stop`; counted in the tally by name."""

    def __init__(self, place, deck, pause, seed, stop, tally):
        super().__init__(daemon=True)
        self.place, self.deck, self.pause, self.stop, self.tally = place, deck, pause, stop, tally
        self.chance, self.failure = random.Random(f"{seed} troubles"), None
        self.slowest = {}  # seconds, by name

    def run(self):
        at = 0
        try:
            while not self.stop.wait(self.chance.uniform(*self.pause)):
                began = time.monotonic()
                trouble = self.deck[at % len(self.deck)]
                trouble(self.place)
                self.tally.count(f"trouble, {trouble.__name__}")
                self.slowest[trouble.__name__] = max(self.slowest.get(trouble.__name__, 0), time.monotonic() - began)
                at += 1
        except Exception as e:  # told when it is joined
            self.failure = e
