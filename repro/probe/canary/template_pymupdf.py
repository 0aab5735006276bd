"""What PyMuPDF reads out of a page."""

from . import documents

NEEDS = ("pymupdf",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:pymupdf",)


def run(case, job):
    import fitz

    def text(kind, **told):
        with fitz.open(stream=documents.pdf(), filetype="pdf") as found:
            return found[0].get_text(kind, **told)

    case("text", lambda: text("text"))
    case("sorted", lambda: text("text", sort=True))
    case("words", lambda: [word[4] for word in text("words")])
