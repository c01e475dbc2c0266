#!/usr/bin/env python3
"""The soak's own judges notice what they are there for."""

import collections
import pathlib
import sys
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "world"), str(HERE.parent / "guards"), str(HERE.parent / "support")]

from chaos.judge import Complaint  # noqa: E402
from chaos.peer import Answer  # noqa: E402
from chaos.records import PATHS, TURNS  # noqa: E402

from soaking import report, watch  # noqa: E402
from soaking.clients import SoakTally  # noqa: E402
from soaking.place import Outages  # noqa: E402
from soaking.sessions import judge_survivor  # noqa: E402


def messages(*said):
    """(question, answer, state) of each turn."""
    found = []
    for question, answer, state in said:
        found += [{"seq": len(found) + 1, "role": "user", "content": question, "state": "done"},
                  {"seq": len(found) + 2, "role": "assistant", "content": answer, "state": state}]
    return found


def session(posted, acknowledged, told=()):
    return types.SimpleNamespace(posted=posted, acknowledged=acknowledged, told=list(told))


class Survivors(unittest.TestCase):
    GOOD = messages(("a b", "a b", "done"), ("c d", "c", "interrupted"))

    def test_a_conversation_as_a_kill_may_leave_it_is_well(self):
        judge_survivor(session(["a b", "c d", "e"], ["a b", "c d"], [(2, [{"type": "done"}])]), self.GOOD, True)

    def refused(self, s, kept, words, interruptible=True):
        with self.assertRaisesRegex(Complaint, words):
            judge_survivor(s, kept, interruptible)

    def test_each_loss_is_noticed(self):
        all_said = session(["a b", "c d"], ["a b", "c d"])
        self.refused(all_said, messages(("a b", "a b", "done")), "acknowledged and lost")
        self.refused(all_said, messages(*[("a b", "a b", "done")] * 2, ("c d", "c d", "done")), "taken twice")
        self.refused(all_said, messages(("a b", "a b", "done"), ("c d", "c d", "done"), ("x", "x", "done")), "somebody else")
        self.refused(all_said, messages(("a b", "a", "done"), ("c d", "c d", "done")), "is done and says")
        self.refused(all_said, messages(("a b", "b", "interrupted"), ("c d", "c d", "done")), "no answer to")
        self.refused(session(["a b", "c d"], ["a b", "c d"], [(4, [{"type": "done"}])]), self.GOOD, "was told as done")
        self.refused(all_said, self.GOOD, "interrupted where nobody", interruptible=False)


class Answers(unittest.TestCase):
    LINE = b'{"response":"a b","done":false}\n'

    def verdict(self, away=None, **fields):
        outages = Outages()
        outages.all = [[away, 1.0, 2.0]] if away else []
        tally = SoakTally(types.SimpleNamespace(outages=outages, backends={}))
        answer = Answer("generate", True, "id", "a b c", began=0.5, ended=1.5, headers={"x-request-id": "id"}, **fields)
        return tally.take(answer), tally.complaints

    def test_a_cut_is_excused_only_by_a_kill_at_that_time(self):
        cut = {"status": 200, "end": "cut", "body": bytearray(self.LINE)}
        self.assertEqual(self.verdict("kill", **cut), ("broken", []))
        self.assertEqual(self.verdict(**cut)[0], "complaint")
        self.assertEqual(self.verdict("handover", **cut)[0], "complaint")

    def test_a_kill_excuses_no_wrong_byte(self):
        wrong = bytearray(b'{"response":"b","done":false}\n')
        self.assertEqual(self.verdict("kill", status=200, end="cut", body=wrong)[0], "complaint")

    def test_a_kill_excuses_no_second_end(self):
        twice = bytearray(b'{"response":"a b c","done":true}\n' * 2)
        self.assertEqual(self.verdict("kill", status=200, end="whole", body=twice)[0], "complaint")


def samples(stage, values):
    return [watch.Sample(i, stage, 1, v, 40, 12, 0, 0, 1) for i, v in enumerate(values)]


class Trends(unittest.TestCase):
    def found(self, late, late_times=0.01):
        every = samples("a", [1_000, 100_000, 101_000]) + samples("z", late)
        rests = {"a": every[1], "z": every[-1]}
        return watch.trends(every, rests, {"a": [(i / 10, 0.01) for i in range(900)],
                                           "z": [(i / 10, late_times) for i in range(900)]}, "a", "z")

    def test_what_stays_is_well_and_what_grows_is_not(self):
        self.assertEqual(watch.complaints_of(self.found([100_000, 99_000])), [])
        self.assertRegex(watch.complaints_of(self.found([200_000, 200_000]))[0], "rss grew")
        self.assertRegex(watch.complaints_of(self.found([100_000], 0.5))[0], "first byte p50 grew")

    def test_what_was_not_measured_is_told(self):
        self.assertEqual(len(watch.complaints_of({})), len(watch.MARGINS))


class Counts(unittest.TestCase):
    def tally(self):
        tally = SoakTally(types.SimpleNamespace(outages=Outages(), backends={}))
        for surface in (*PATHS, *TURNS):
            for verdict in report.VERDICTS:
                tally.counts[surface, True, verdict] = 1
        tally.done = {"slow reader, whole": 1, "it": 1}
        return tally

    def test_each_thing_that_was_not_tried_is_told(self):
        faults = collections.Counter({"killed": 1})
        self.assertEqual(report.missing(self.tally(), faults, ["it"]), [])
        self.assertEqual(len(report.missing(self.tally(), faults, ["other"])), 1)
        self.assertEqual(len(report.missing(self.tally(), collections.Counter({"busy": 3}), [])), 1)
        for key in list(self.tally().counts):
            if key[2] == "whole":
                tally = self.tally()
                tally.counts[key] = 0
                self.assertEqual(report.missing(tally, faults, []), [f"no {key[0]} answer was whole"])
        quick = self.tally()
        quick.done = {}
        self.assertEqual(report.missing(quick, faults, []), ["no slow reader got all"])

    def test_complaints_are_counted_by_what_was_lost(self):
        kinds = report.kinds_of(["x: ended more than once: ['done', 'done']", "s: acknowledged and lost: {1}",
                                 "y: records lost, doubled or mixed", "odd"])
        self.assertEqual(sum(kinds.values()), 4)
        self.assertEqual([k for k, n in kinds.items() if n],
                         ["acknowledged and lost", "records lost, doubled or mixed", "ended more than once", "something else"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
