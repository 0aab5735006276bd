"""What pypdf reads out of a page."""

import io

from . import documents

NEEDS = ("pypdf",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:pypdf",)


def run(case, job):
    from pypdf import PdfReader

    def page():
        return PdfReader(io.BytesIO(documents.pdf())).pages[0]

    case("text", lambda: page().extract_text())
    case("layout", lambda: page().extract_text(extraction_mode="layout"))
