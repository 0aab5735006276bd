"""Templates to pages: the one place where text becomes HTML, and what a browser may do with it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from repro.report.html import pictures, sections
from repro.report.layers import tally
from repro.report.markdown import SAFE_URL
from repro.report.plain import plain, prose, value
from repro.report.wording import identity, kind

LONGEST: Final = 4000
"""Characters of any text on a page."""


def page(template: str, **context: Any) -> str:
    """Fill a template; the same context is the same page, which ends in a line feed."""
    return _environment().get_template(template).render(context).rstrip("\n") + "\n"


@cache
def _environment() -> Environment:
    """Make the environment in which no text reaches a page as markup or as what acts or hides."""
    found = Environment(
        loader=PackageLoader("repro.report.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        plain=plain, prose=prose, value=value, kind=kind, identity=identity, tally=tally
    )
    found.filters.update(link=_link)
    style, script = _data("style.css"), _data("script.js")
    found.globals.update(
        style=style, script=script, rights=_rights(style, script), pictures=pictures
    )
    found.globals.update(words=sections.WORDS)
    return found


def _shown(text: object) -> object:
    """Let markup of the templates pass; of anything else nothing acts or hides."""
    return text if isinstance(text, Markup) else plain(str(text), LONGEST)


def _link(url: str) -> str:
    """Return an address that a click may lead to; empty for any other."""
    return url if SAFE_URL.fullmatch(url) else ""


def _data(name: str) -> Markup:
    """Read a file of this package, which is ours and goes into the page as it is."""
    text = files("repro.report.html").joinpath(name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - no text of anybody else's


def _rights(style: str, script: str) -> str:
    """Allow this style and this script, and nothing else (Content Security Policy Level 3)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
