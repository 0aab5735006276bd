"""A step of the action: one comment on the pull request, which every run brings up to date."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

sys.path.append(str(Path(__file__).parents[2]))  # Isolated, Python looks for nothing there.

from integrations.github.commands import say

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT: Final = 65_536
"""Characters of a comment that GitHub takes; it refuses a longer body with status 422."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
"""What cannot end an HTML comment, nor begin another, and may name an artifact."""
PAGE: Final = 100
"""Comments on a page, as many as GitHub gives (docs.github.com, "List issue comments")."""
PAGES: Final = 30
SECONDS: Final = 30


class GitHub:
    """The comments of one pull request."""

    def __init__(self, environment: dict[str, str], number: int) -> None:
        api, repository = environment["GITHUB_API_URL"], environment["GITHUB_REPOSITORY"]
        self._api = api
        self._comments = f"{api}/repos/{repository}/issues"
        self._number = number
        self._session = requests.Session()
        # Only what reads is asked again: a second POST could be a second comment.
        retry = Retry(3, backoff_factor=1, status_forcelist=(500, 502, 503, 504))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {environment['REPRO_TOKEN']}",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    def find(self, marker: str) -> int | None:
        """Return the comment of ours that begins with a marker; anybody could write it."""
        login = self._login()
        for comment in self._all():
            user = comment.get("user") or {}
            ours = user.get("login") == login if login else user.get("type") == "Bot"
            if ours and str(comment.get("body", "")).startswith(marker):
                return int(comment["id"])
        return None

    def write(self, body: str, existing: int | None) -> str:
        """Make or change a comment; return its address."""
        if existing is None:
            url, method = f"{self._comments}/{self._number}/comments", "POST"
        else:
            url, method = f"{self._comments}/comments/{existing}", "PATCH"
        return str(self._ask(method, url, json={"body": body})["html_url"])

    def _login(self) -> str | None:
        """Return whose token it is; None for an app's, which may not ask."""
        answer = self._session.get(f"{self._api}/user", timeout=SECONDS)
        return str(answer.json()["login"]) if answer.ok else None

    def _all(self) -> Iterator[dict[str, Any]]:
        url = f"{self._comments}/{self._number}/comments"
        for number in range(1, PAGES + 1):
            page = self._ask("GET", url, params={"per_page": PAGE, "page": number})
            yield from page
            if len(page) < PAGE:
                return

    def _ask(self, method: str, url: str, **more: Any) -> Any:
        answer = self._session.request(method, url, timeout=SECONDS, **more)
        answer.raise_for_status()
        return answer.json()


def main(environment: dict[str, str]) -> int:
    """Write the comment; where that is not allowed, warn: the verdict stands without it."""
    number = pull_request(environment)
    if number is None:
        return 0
    name = environment["REPRO_NAME"].strip()
    if not NAME.fullmatch(name):
        say("warning", "the input name has characters that cannot mark a comment")
        return 0
    marker = f"<!-- repro-diff {name} -->\n"
    try:
        github = GitHub(environment, number)
        existing = github.find(marker)
        if existing is None and quiet(environment):
            return 0
        print(f"repro: comment → {github.write(marker + body(environment), existing)}")
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        say("warning", f"no comment on the pull request: {reason(error)}")
    return 0


def pull_request(environment: dict[str, str]) -> int | None:
    """Return the number of the pull request that the event is about, if it is about one."""
    path = environment.get("GITHUB_EVENT_PATH")
    event: Any = json.loads(Path(path).read_text("utf-8")) if path else {}
    found = (event.get("pull_request") or {}).get("number")
    return found if isinstance(found, int) else None


def quiet(environment: dict[str, str]) -> bool:
    """Tell whether a pass is not worth a first comment."""
    return environment["REPRO_COMMENT"] == "drift" and environment["REPRO_EXIT_CODE"] == "0"


def body(environment: dict[str, str]) -> str:
    """Return the report without its own marker, or say that there is none."""
    reports = environment["REPRO_REPORTS"]
    report = Path(reports, "report.md")
    if not reports or not report.exists():
        return f"## Could not run\n\nThere is no verdict: see {run(environment)}.\n"
    text = report.read_text("utf-8").partition("\n")[2]
    room = LIMIT - 200 - len(environment["GITHUB_REPOSITORY"])
    if len(text) > room:  # The report fits by itself; only the longer marker may be too much.
        text = text[:room].rpartition("\n<details>")[0] + "\n\nMore in the reports of the job.\n"
    return text


def run(environment: dict[str, str]) -> str:
    """Return a link to this run of the workflow."""
    server, repository = environment["GITHUB_SERVER_URL"], environment["GITHUB_REPOSITORY"]
    return f"[the log]({server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']})"


def reason(error: Exception) -> str:
    """Say why GitHub did not take a comment, and what would help."""
    answer = getattr(error, "response", None)
    if answer is not None and answer.status_code in (401, 403, 404):
        return (
            f"GitHub answered {answer.status_code}; the token needs pull-requests: write, "
            "which a fork's pull request does not get"
        )
    return str(error) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
