"""A real browser without a window, in which pages are read as a person reads them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
Opened = Callable[..., Page]


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser of the system; one that is missing is a failure, not a skip."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, f"none of {', '.join(NAMES)}; .ci/run says what tests need"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a module."""
    with launched() as found:
        yield found


class Watch:
    """Keeps what a page does that a report must not do."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, what: str) -> Callable[[Any], None]:
        """Return a listener that keeps what happened; dialogs are closed, so that a test ends."""

        def listen(event: Any) -> None:
            self.seen.append(f"{what}: {getattr(event, 'text', event)}")
            if what == "dialog":
                event.dismiss()

        return listen

    def leaving(self, own: str) -> Callable[[Request], None]:
        """Return a listener that keeps requests for anything but the page itself."""

        def listen(request: Request) -> None:
            if request.url.partition("#")[0] != own:
                self.seen.append(f"request: {request.url}")

        return listen


@pytest.fixture
def watch() -> Watch:
    """What pages of a test do that a report must not do."""
    return Watch()


@pytest.fixture
def opened(browser: Browser, watch: Watch, tmp_path: Path) -> Iterator[Opened]:
    """Open a page from a file, and hold it at the end to having done nothing of its own."""
    context = browser.new_context(viewport={"width": 1180, "height": 900})
    context.set_default_timeout(20_000)

    def open_page(text: str, hash_: str = "", **media: Any) -> Page:
        path = tmp_path / "report.html"
        path.write_text(text, encoding="utf-8")
        page = context.new_page()
        page.on("console", watch("console"))
        page.on("pageerror", watch("error"))
        page.on("dialog", watch("dialog"))
        page.on("popup", watch("popup"))
        page.on("download", watch("download"))
        own = path.as_uri()
        page.on("request", watch.leaving(own))
        if media:
            page.emulate_media(**media)
        page.goto(own + hash_)
        return page

    yield open_page
    context.close()
    assert watch.seen == []
