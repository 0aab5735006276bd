"""Text that is taken out of PDF files for retrieval."""

import importlib.util
import os

from outputs import attempt, emit

found = {}
for name in sorted(os.listdir(os.environ["MODEL"])):
    path = os.path.join(os.environ["MODEL"], name)
    if importlib.util.find_spec("pypdf"):
        import pypdf

        found[f"{name}.pypdf"] = attempt(
            lambda p=path: [x.extract_text() for x in pypdf.PdfReader(p).pages]
        )
    if importlib.util.find_spec("pdfminer"):
        from pdfminer.high_level import extract_text

        found[f"{name}.pdfminer"] = attempt(extract_text, path)
emit(found)
