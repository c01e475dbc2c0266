"""The negative control: plants in answers that the node really gave what must never happen, and looks whether the
judges complain. A check that cannot fail checks nothing."""

import copy
import json

from chaos.judge import Complaint, judge, judge_log, judge_rest, judge_session
from chaos.records import GARBAGE, mark, split


def _must_complain(what, judging, *evidence):
    try:
        verdict = judging(*evidence)
    except Complaint:
        return 1
    raise AssertionError(f"the judge did not notice {what}: it says {verdict!r}")


def _with_records(answer, change):
    """A copy whose list of records `change` has altered."""
    planted = copy.deepcopy(answer)
    records, _ = split(answer.surface, answer.body)
    planted.body = bytearray(mark(answer.surface).join([*change(records), b""]))
    return planted


def _altered(answer, **fields):
    planted = copy.deepcopy(answer)
    for name, value in fields.items():
        setattr(planted, name, value)
    return planted


def _error_of(surface):
    if surface == "openai":
        return b'data: {"error":{"message":"it broke"}}'
    return b'{"error":"it broke"}'


def _plant_in_stream(a):
    """In a whole streamed answer of more than four records."""
    last = 1 if a.surface != "openai" else 2  # [DONE] and the finish reason
    planted = {
        "a lost record": _with_records(a, lambda r: r[:2] + r[3:]),
        "a lost last text": _with_records(a, lambda r: r[:-last - 1] + r[-last:]),
        "a doubled record": _with_records(a, lambda r: r[:3] + r[2:]),
        "records out of order": _with_records(a, lambda r: r[:1] + [r[2], r[1]] + r[3:]),
        "a doubled terminal record": _with_records(a, lambda r: r + r[-1:]),
        "no terminal record": _with_records(a, lambda r: r[:-last]),
        "a record behind the end": _with_records(a, lambda r: r + r[1:2]),
        "half a record": _altered(a, body=a.body[:-5]),
        "another's answer": _altered(a, wanted="of another " + a.wanted),
        "garbage": _with_records(a, lambda r: r[:2] + [GARBAGE.encode()] + r[2:]),
    }
    if a.surface == "turn":
        failed = {"seq": 1 << 60, "type": "error", "message": json.loads(a.body.split(b"\n")[1])["message"],
                  "code": "internal", "detail": "it broke"}
        planted["done and failed"] = _with_records(a, lambda r: r + [json.dumps(failed).encode()])
        planted["an actor's death"] = _with_records(a, lambda r: r[:-1] + [json.dumps(failed).encode()])
    else:
        error = _error_of(a.surface)
        planted["done and failed"] = _with_records(a, lambda r: r + [error])
        planted["a failure told twice"] = _with_records(a, lambda r: r[:2] + [error, error])
        told_once = _with_records(a, lambda r: r[:2] + [error])
        assert judge(told_once) == "failed"
    return planted


def _plant_anywhere(a):
    return {
        "no end": _altered(a, end="late"),
        "broken framing": _altered(a, end="broken"),
        "no answer at all": _altered(a, end="cut", status=0),
        "a strange status": _altered(a, status=400, body=_error_of(a.surface).replace(b"data: ", b"")),
        "a failure of the node itself": _altered(a, status=500, body=_error_of(a.surface).replace(b"data: ", b"")),
        "an error in no dialect": _altered(a, status=502, body=bytearray(b"oops")),
        "another request's id": _altered(a, headers={**a.headers, "x-request-id": "another"}),
        "another text": _altered(a, wanted=a.wanted + " more"),
    }


def check_answers(answers):
    """`answers` are whole and of every kind."""
    noticed = 0
    for a in answers:
        assert judge(a) == "whole", a
        planted = {**_plant_anywhere(a), **(_plant_in_stream(a) if a.stream else {})}
        if a.stream:
            planted["a cut without a word"] = _altered(a, end="cut")
        noticed += sum(_must_complain(what, judge, evidence) for what, evidence in planted.items())
    return noticed


def check_session(messages, events, posted, acknowledged):
    """A session at rest with at least two turns that are done."""
    judge_session(messages, events, posted, acknowledged)
    last = next(i for i in reversed(range(len(events))) if events[i]["type"] == "done")
    delta = next(i for i, e in enumerate(events) if e["type"] == "delta")
    streaming = [{**m, "state": "streaming"} if m is messages[-1] else m for m in messages]
    planted = {
        "a turn without an end": (messages, events[:last], posted, acknowledged),
        "a turn that ended twice": (messages, [*events, {**events[last], "seq": events[-1]["seq"] + 1}], posted,
                                    acknowledged),
        "a lost event": (messages, events[:delta] + events[delta + 1:], posted, acknowledged),
        "events out of order": (messages, [events[1], events[0], *events[2:]], posted, acknowledged),
        "a lost message": (messages[2:], events, posted, acknowledged),
        "a message of another session": (messages, events, posted[1:], []),
        "a message taken twice": ([*messages, *messages[-2:]], events, posted, acknowledged),
        "a turn under way at rest": (streaming, events, posted, acknowledged),
    }
    return sum(_must_complain(what, judge_session, *evidence) for what, evidence in planted.items())


def check_log(lines):
    judge_log(lines)
    died = "2026-11-25T21:14:17.514 error dispatcher failed and is started anew: system_error(runtime_error)"
    thrown = "*** unhandled exception: [id: 15, name: dispatcher, exception typeid: St18bad_variant_access]"
    return sum(_must_complain("an actor's death", judge_log, [*lines, planted]) for planted in (died, thrown))


def check_rest(status, backends):
    """`status` and what the backends count, at rest."""
    judge_rest(status, backends)

    def leaking(change):
        planted = copy.deepcopy((status, backends))
        change(*planted)
        return planted

    planted = {
        "a leaked lease": leaking(lambda s, b: s["backends"][1].update(in_flight=1)),
        "a leaked lease of a relayed request": leaking(lambda s, b: s["backends"][0].update(relayed=1)),
        "a backend that stays down": leaking(lambda s, b: s["backends"][2].update(state="down")),
        "a request that waits for ever": leaking(lambda s, b: s["queue"].update(waiting=1)),
        "a connection that is not closed": leaking(lambda s, b: s.update(connections=2)),
        "an answer that nobody cancelled": leaking(lambda s, b: b["c"].update(in_flight=1)),
    }
    return sum(_must_complain(what, judge_rest, *evidence) for what, evidence in planted.items())
