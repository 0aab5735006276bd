"""What trafilatura takes for the main text of a page."""

from . import documents

NEEDS = ("trafilatura",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:trafilatura", "python.package:justext", "python.package:lxml")

LONG = "<p>A paragraph that is long enough, number %d, to be taken for what the page is about.</p>"


def run(case, job):
    import trafilatura

    page = documents.HTML.replace("<table>", "".join(LONG % at for at in range(8)) + "<table>")
    case("default", lambda: trafilatura.extract(page))
    case("precision", lambda: trafilatura.extract(page, favor_precision=True))
    case("markdown", lambda: trafilatura.extract(page, output_format="markdown"))
