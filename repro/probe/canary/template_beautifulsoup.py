"""What Beautiful Soup reads out of a page, with the parsers that are there."""

from . import documents
from .record import Skip

NEEDS = ("beautifulsoup4",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = (
    "python.package:beautifulsoup4",
    "python.package:soupsieve",
    "python.package:lxml",
    "python.package:html5lib",
)


def run(case, job):
    import bs4

    def soup(parser=None):
        try:
            return bs4.BeautifulSoup(documents.HTML, parser)
        except bs4.FeatureNotFound:
            raise Skip("no parser %s" % parser) from None

    case("default", lambda: soup().get_text())
    for parser in ("html.parser", "lxml", "html5lib"):
        case(parser + "/text", lambda p=parser: soup(p).get_text("\n", strip=True))
        case(parser + "/tree", lambda p=parser: str(soup(p)))
        case(parser + "/select", lambda p=parser: [t.text for t in soup(p).select("li, td")])
    page = documents.HTML.encode("utf-16")
    case("bytes", lambda: bs4.UnicodeDammit(page).unicode_markup)
