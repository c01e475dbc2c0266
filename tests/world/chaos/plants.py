"""The negative control: plants in answers that the node really gave what must never happen, and looks whether the
judges complain. A check that cannot fail checks nothing."""

import copy
import dataclasses
import json

from chaos.judge import Complaint, judge, judge_log, judge_rest, judge_session, judge_talk
from chaos.records import GARBAGE, TURNS, events_of, mark, split


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


# Records behind the last text of a whole stream.
CLOSING = {"openai": 2, "anthropic": 3, "responses": 4, "stored": 4}


def _error_of(surface):
    """Inside a stream."""
    error = {"message": "it broke"}
    if surface == "openai":
        return b"data: " + json.dumps({"error": error}).encode()
    if surface == "anthropic":
        return b"event: error\ndata: " + json.dumps({"type": "error", "error": error}).encode()
    if surface in ("responses", "stored"):
        failed = {"type": "response.failed", "response": {"status": "failed", "error": error}}
        return b"event: response.failed\ndata: " + json.dumps(failed).encode()
    return b'{"error":"it broke"}'


def _refusal_of(surface):
    """A whole body."""
    if surface in TURNS:
        return b'{"code":"x","detail":"it broke"}'
    if surface in CLOSING:
        return b'{"type":"error","error":{"message":"it broke"}}'
    return b'{"error":"it broke"}'


def _event(surface, **event):
    """A session's event as the surface tells it."""
    text = json.dumps(event)
    return (f"id: {event['seq']}\nevent: {event['type']}\ndata: {text}" if surface == "sse" else text).encode()


def _plant_in_stream(a):
    """In a whole streamed answer of more than four records."""
    last = CLOSING.get(a.surface, 1)
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
        "a cancel that was taken and not told": _altered(a, cancelled=True),
    }
    if a.surface in TURNS:
        about = {"seq": 1 << 60, "message": events_of(a.surface, a.body)[1]["message"]}
        failed = _event(a.surface, type="error", code="internal", detail="it broke", **about)
        planted["done and failed"] = _with_records(a, lambda r: r + [failed])
        planted["an actor's death"] = _with_records(a, lambda r: r[:-1] + [failed])
        cancelled = _with_records(a, lambda r: r[:-1] + [_event(a.surface, type="cancelled", **about)])
        planted["a cancel that nobody asked for"] = cancelled
        assert judge(_altered(cancelled, cancelled=True)) == "cancelled"
    else:
        error = _error_of(a.surface)
        planted["done and failed"] = _with_records(a, lambda r: r + [error])
        planted["a failure told twice"] = _with_records(a, lambda r: r[:2] + [error, error])
        told_once = _with_records(a, lambda r: r[:2] + [error])
        assert judge(told_once) == "failed"
    return {**planted, **_plant_in_types(a)}


def _plant_in_types(a):
    """What only a surface with types of events can say wrongly."""
    if a.surface == "sse":
        return {"another id than the event's": _with_records(a, lambda r: [r[0].replace(b"id: ", b"id: 7"), *r[1:]]),
                "another type than the event's": _with_records(a, lambda r: [*r[:-1], r[-1].replace(b"done", b"d", 1)])}
    if a.surface == "anthropic":
        return {"no first event": _with_records(a, lambda r: r[1:]),
                "a block that is not closed": _with_records(a, lambda r: r[:-3] + r[-2:]),
                "a block that is not opened": _with_records(a, lambda r: r[:1] + r[2:])}
    if a.surface in ("responses", "stored"):
        word = a.wanted.split(" ")[0].encode()
        return {"a number left out": _with_records(a, lambda r: r[:1] + r[2:]),
                "an item that is not closed": _with_records(a, lambda r: r[:-2] + [
                    r[-1].replace(b'"sequence_number":', b'"sequence_number":-1,"was":')]),
                "another text at the end": _with_records(a, lambda r: [*r[:-1], r[-1].replace(word, b"other")])}
    return {}


def _plant_anywhere(a):
    return {
        "no end": _altered(a, end="late"),
        "broken framing": _altered(a, end="broken"),
        "no answer at all": _altered(a, end="cut", status=0),
        "a strange status": _altered(a, status=400, body=_refusal_of(a.surface)),
        "a failure of the node itself": _altered(a, status=500, body=_refusal_of(a.surface)),
        "an error in no dialect": _altered(a, status=502, body=bytearray(b"oops")),
        "another text": _altered(a, wanted=a.wanted + " more"),
        **({} if a.surface == "ws" else {
            "another request's id": _altered(a, headers={**a.headers, "x-request-id": "another"})}),
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


def check_session(s):
    """A session at rest with at least two turns that are done."""
    judge_session(s)
    events, messages = s.events, s.messages
    last = next(i for i in reversed(range(len(events))) if events[i]["type"] == "done")
    delta = next(i for i, e in enumerate(events) if e["type"] == "delta")

    def but(**changes):
        return dataclasses.replace(s, **{"told": [], **changes})

    def ending(state, kind, **changes):
        return but(messages=[*messages[:-1], {**messages[-1], "state": state}],
                   events=[*events[:last], {**events[last], "type": kind}, *events[last + 1:]], **changes)

    who, told = s.told[0]
    question = messages[-2]["content"]
    judge_session(ending("cancelled", "cancelled", to_cancel=[question], cancelled=[question]))
    planted = {
        "a turn without an end": but(events=events[:last]),
        "a turn that ended twice": but(events=[*events, {**events[last], "seq": events[-1]["seq"] + 1}]),
        "a lost event": but(events=events[:delta] + events[delta + 1:]),
        "a lost event that says nothing": but(events=[e for e in events if e["type"] != "started"]),
        "events out of order": but(events=[events[1], events[0], *events[2:]]),
        "a lost message": but(messages=messages[2:]),
        "a message of another session": but(posted=s.posted[1:], acknowledged=[]),
        "a message taken twice": but(messages=[*messages, *messages[-2:]]),
        "a turn under way at rest": but(messages=[*messages[:-1], {**messages[-1], "state": "streaming"}]),
        "another text kept than was told": but(messages=[*messages[:-1], {**messages[-1], "content": "other"}]),
        "a failure that is told as cancelled": ending("failed", "cancelled", to_cancel=[question]),
        "a cancel that nobody asked for": ending("cancelled", "cancelled"),
        "a cancel that was taken and not done": but(to_cancel=[question], cancelled=[question]),
        "an event that one client did not get": but(told=[(who, told[:3] + told[4:])]),
        "an event that one client got twice": but(told=[(who, told[:3] + told[2:])]),
        "an event told as another": but(told=[(who, [*told[:3], {**told[3], "text": "other"}, *told[4:]])]),
        "an event of no session": but(told=[(who, [*told, {**told[-1], "seq": events[-1]["seq"] + 1}])]),
    }
    return sum(_must_complain(what, judge_session, evidence) for what, evidence in planted.items())


def check_talk(talk):
    """What went over a WebSocket that followed a session, asked there and stopped following it."""
    judge_talk(talk, False)
    heard = [i for i, (way, record) in enumerate(talk) if way == "heard"]
    ack, stop = heard[0], heard[-1]
    event = next(i for i in heard if talk[i][1]["type"] == "delta")
    refused = ("heard", {**talk[ack][1], "type": "error", "code": "x", "detail": "it broke"})
    elsewhere = ("heard", {**talk[event][1], "session": "another"})
    without_ack = talk[:ack] + talk[ack + 1:]
    planted = {
        "an operation that is not acknowledged": talk[:stop],
        "one that is acknowledged twice": [*talk, talk[ack]],
        "one that is refused": [refused if i == ack else t for i, t in enumerate(talk)],
        "one that is acknowledged for another session": [*talk[:stop], ("heard", {**talk[stop][1], "session": "x"})],
        "a lost event": talk[:event] + talk[event + 1:],
        "a doubled event": talk[:event + 1] + talk[event:],
        "an event of another session": talk[:event] + [elsewhere] + talk[event + 1:],
        "an event before its subscription": without_ack[:event] + [talk[ack]] + without_ack[event:],
        "an event behind its subscription": [*talk, ("heard", {**talk[event][1], "seq": talk[stop - 1][1].get("seq")})],
    }
    return sum(_must_complain(what, judge_talk, evidence, False) for what, evidence in planted.items())


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
