"""What a client library makes of requests: the bytes that would be sent."""

import importlib.util

from outputs import attempt, emit

found = {}
if importlib.util.find_spec("requests"):
    import requests

    asked = requests.Request(
        "POST",
        "http://127.0.0.1:1/v1/é?q=a b",
        json={"prompt": "hé", "n": 1.5},
        params={"k": [1, 2]},
    ).prepare()
    found["requests"] = [
        asked.url,
        asked.body.decode() if isinstance(asked.body, bytes) else asked.body,
    ]
if importlib.util.find_spec("httpx"):
    import httpx

    made = attempt(lambda: httpx.Request("GET", "http://127.0.0.1:1/ü", params={"k": [1, 2]}))
    found["httpx"] = str(made.url)
emit(found)
