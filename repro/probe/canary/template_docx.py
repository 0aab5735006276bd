"""What python-docx reads out of a Word document."""

import io

from . import documents

NEEDS = ("python-docx",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:python-docx",)


def run(case, job):
    import docx

    def document():
        return docx.Document(io.BytesIO(documents.docx()))

    case("paragraphs", lambda: [part.text for part in document().paragraphs])
    case("runs", lambda: [run.text for part in document().paragraphs for run in part.runs])
    case("cells", lambda: [cell.text for cell in document().tables[0]._cells])
