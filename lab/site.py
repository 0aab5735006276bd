"""What MkDocs needs to make one site of pages that lie in several folders of the repository.

MkDocs calls these functions by their names (`hooks` in mkdocs.yml).
Source: https://www.mkdocs.org/dev-guide/plugins/#events.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
BESIDE: Final = (
    "reports/*",
    "benchmarks/README.md",
    "benchmarks/driftbench/README.md",
    "CHANGELOG.md",
)
"""What pages link to that does not lie in docs/."""
SAMPLES: Final = "reports/"
INDEX: Final = "README.md"
OUT: Final = re.compile(r"\]\((?:\.\./)((?:\.\./)*)(reports|benchmarks)/")
"""A link out of docs/, from a page in it: one step up is one too many on the site."""
ALONE: Final = {"README.md", "tutorial.md"}
"""Pages that no menu of others belongs to."""
IN: Final = re.compile(r"\]\((?:\.\./)?docs/")
"""A link into docs/, from a page that lies outside."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name in the menu the pages of a folder that it names."""
    config.nav = _listed(config.nav, Path(config.docs_dir))
    return config


def _listed(entry: Any, docs: Path) -> Any:
    if isinstance(entry, list):
        return [_listed(each, docs) for each in entry]
    if isinstance(entry, dict):
        return {title: _listed(each, docs) for title, each in entry.items()}
    if not entry.endswith("/"):
        return entry
    pages = sorted((docs / entry).glob("*.md"), key=lambda page: (page.name != INDEX, page.name))
    return [page.relative_to(docs).as_posix() for page in pages]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put samples and pages of other folders beside those of docs/."""
    for path in sorted(found for pattern in BESIDE for found in ROOT.glob(pattern)):
        name = path.relative_to(ROOT).as_posix()
        file = File.generated(config, name, abs_src_path=str(path))
        if name.startswith(SAMPLES) and path.suffix == ".md":
            file.dest_uri = f"{name}.html"  # Else it would take the place of the HTML sample.
        files.append(file)
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let links lead where things lie on the site, and keep samples out of the search."""
    name = page.file.src_uri
    if name.startswith(SAMPLES):
        page.meta["search"] = {"exclude": True}
    if name in ALONE:
        page.meta["hide"] = ["navigation"]
    depth = name.count("/")
    return IN.sub("](" + "../" * depth, OUT.sub(r"](\1\2/", markdown))
