"""What Markdown html2text makes of a page."""

from . import documents

NEEDS = ("html2text",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:html2text",)


def run(case, job):
    import html2text

    def plain():
        told = html2text.HTML2Text(bodywidth=0)
        told.ignore_links = told.ignore_images = True
        return told.handle(documents.HTML)

    case("default", lambda: html2text.html2text(documents.HTML))
    case("plain", plain)
