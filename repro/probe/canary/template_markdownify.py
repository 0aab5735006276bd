"""What Markdown markdownify makes of a page."""

from . import documents

NEEDS = ("markdownify",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:markdownify", "python.package:beautifulsoup4")


def run(case, job):
    from markdownify import markdownify

    case("default", lambda: markdownify(documents.HTML))
    case("atx", lambda: markdownify(documents.HTML, heading_style="ATX", strip=["a"]))
