"""Sends a few small requests from within a target, and gives back what was answered."""

import json
import signal
import sys
import time
import urllib.error
import urllib.request

from .. import answer

LIMIT = 1 << 20
"""Bytes of one answer; what is longer is refused, never cut."""

SECONDS = 5
"""What one request may take, whatever trickles in."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: only what was named is asked."""

    def redirect_request(self, *_):
        return None


def main():
    options = json.loads(sys.argv[1])
    end = time.time() + options["seconds"]
    signal.signal(signal.SIGALRM, _late)
    # No proxy either: a variable of the target must not send this elsewhere.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    answers = [ask(opener, request, end) for request in options["requests"]]
    answer.give({"answers": answers}, options["nonce"])


def ask(opener, request, end):
    """{"text"} of an answer, or {"fault"}: why there is none."""
    seconds = min(SECONDS, end - time.time())
    if seconds <= 0:
        return {"fault": "there was no time left to ask"}
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return _answered(opener, request, seconds)
    except urllib.error.HTTPError as error:
        return {"fault": "it answered with HTTP status %d" % error.code}
    except Exception as error:  # noqa: BLE001 - a server may answer whatever it likes.
        return {"fault": ("%s: %s" % (type(error).__name__, error))[:300]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answered(opener, request, seconds):
    body = request.get("body")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    asked = urllib.request.Request(request["url"], data, headers)  # noqa: S310 - ours are of HTTP.
    with opener.open(asked, timeout=seconds) as response:
        content = response.read(LIMIT + 1)
    if len(content) > LIMIT:
        return {"fault": "it answered with more than %d bytes" % LIMIT}
    return {"text": content.decode("utf-8", "backslashreplace")}


def _late(number, frame):
    raise OSError("no whole answer in %d s" % SECONDS)
