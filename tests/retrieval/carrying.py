"""Runs the program that is carried into containers here, against servers on this machine."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from repro.target.answer import Output, whole
from repro.target.databases import answers, arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.retrieval.asking import Answer, Ask, Request

NONCE = "0123456789abcdef"


def asking(port: int, *, seconds: int = 30) -> Ask:
    """Return what asks a server on a port of this machine, by the packed program."""

    def ask(requests: Sequence[Request]) -> list[Answer]:
        url = f"http://127.0.0.1:{port}"
        asked = [{"url": url + each.path, "body": each.body} for each in requests]
        told: dict[str, Any] = {"nonce": NONCE, "seconds": seconds, "requests": asked}
        done = subprocess.run(
            [sys.executable, *arguments(told)], capture_output=True, check=True, timeout=60
        )
        return answers(whole(Output(done.stdout), NONCE), len(asked))

    return ask
