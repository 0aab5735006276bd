"""The site is built without a warning, asks nobody else for anything, and can be read anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.docs.showing import ROOT
from tests.report.browser import launched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

FETCHED: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|icon)\b[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
)
"""What a browser would fetch from another place."""
THEIRS: Final = {"aria-dialog-name", "landmark-unique"}
"""What axe finds in the theme's own parts: the search, and the button that copies."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, once; a warning fails it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    nowhere = {"ALL_PROXY": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with launched() as found:
        yield found


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A page of a phone's width that may ask the site alone."""
    context = browser.new_context(
        color_scheme=request.param, viewport={"width": 390, "height": 844}, base_url=address
    )
    asked: list[str] = []
    found = context.new_page()
    found.on("request", lambda sent: asked.append(sent.url))
    yield found
    assert [url for url in asked if not url.startswith(address)] == []
    context.close()


def test_no_page_has_anything_from_another_place(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    assert [found for page in pages for found in FETCHED.findall(page.read_text("utf-8"))] == []


def test_samples_are_on_the_site_as_they_are(site: Path) -> None:
    for sample in (ROOT / "reports").iterdir():
        if sample.suffix != ".md":
            assert (site / "reports" / sample.name).read_bytes() == sample.read_bytes()


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("fleet.html", "reports/fleet.txt"),
        ("report.html", "reports/sample.md.html"),
        ("benchmarks/index.html", "../static.html#time-and-memory"),
        ("CHANGELOG.html", "gate.html"),
        ("howto/odd-host.html", "../fleet.html#collecting-from-hosts"),
    ],
)
def test_links_lead_to_where_things_lie_on_the_site(site: Path, page: str, link: str) -> None:
    assert f'href="{link}"' in (site / page).read_text("utf-8")


@pytest.mark.parametrize("name", ["tutorial", "gate", "rules/retrieval"])
def test_a_page_fits_a_phone_and_keeps_nobody_out(page: Page, name: str) -> None:
    page.goto(f"/{name}.html")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0
    violations = Axe().run(page).response["violations"]
    assert [each["id"] for each in violations if each["id"] not in THEIRS] == []


def test_the_search_finds_a_rule(page: Page) -> None:
    page.goto("/index.html")
    page.keyboard.press("/")
    page.keyboard.type("Oniguruma")
    page.locator(".md-search-result a", has_text="TOK006").first.wait_for(timeout=20_000)


def test_what_is_copied_can_be_pasted(page: Page) -> None:
    page.goto("/tutorial.html")
    code = page.locator("pre code", has_text="repro show").first
    code.evaluate("element => element.setAttribute('data-md-copying', '')")
    assert code.inner_text().split("\n", 1)[0].startswith("repro snapshot")
    assert "facts" not in code.inner_text()
