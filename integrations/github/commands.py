"""What a step says to GitHub's runner: commands, and values for later steps."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def say(level: str, text: str) -> None:
    """Show a line beside the job; level is notice, warning or error."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=repro::{escaped}", flush=True)


def output(name: str, value: str) -> None:
    """Give a value to later steps; ValueError where it would be read as several."""
    if "\n" in value or "\r" in value:
        raise ValueError(f"{name} has several lines")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


@contextmanager
def quoted() -> Iterator[None]:
    """Let the runner take nothing for a command that is printed meanwhile, by whomever."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        print(f"::{token}::", flush=True)
