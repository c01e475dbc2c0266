"""What schemathesis cannot know: half of the sessions that it names are there, and answers end."""

import json
import os
import urllib.request

import schemathesis

ROOT = os.environ["CONDUCTOR_URL"] + "/conductor/v1"
calls = 0


def new_session():
    body = json.dumps({"model": "canned", "messages": [{"role": "user", "content": "hi"},
                                                       {"role": "assistant", "content": "hello"}]})
    with urllib.request.urlopen(urllib.request.Request(f"{ROOT}/sessions", data=body.encode()), timeout=20) as answer:
        return json.load(answer)["id"]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    global calls
    if path_parameters and "session" in path_parameters:
        calls += 1
        if calls % 2:
            path_parameters["session"] = new_session()
    return path_parameters
