"""What pdfminer.six reads out of a page."""

import io

from . import documents

NEEDS = ("pdfminer-six",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:pdfminer-six",)


def run(case, job):
    from pdfminer.high_level import extract_text
    from pdfminer.layout import LAParams

    case("text", lambda: extract_text(io.BytesIO(documents.pdf())))
    for flow in (None, -1.0, 1.0):
        told = LAParams(boxes_flow=flow)
        title = "flow %s" % flow
        case(title, lambda told=told: extract_text(io.BytesIO(documents.pdf()), laparams=told))
