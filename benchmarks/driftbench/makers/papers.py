"""Write two PDF files: running text in two columns, and a table."""

import datetime
import os
import sys

from fpdf import FPDF

WORDS = (
    "Heating costs fell in the second quarter, while the hyphen-\nated word and finance stayed. "
)
for name in ("columns.pdf", "table.pdf"):
    paper = FPDF()
    paper.set_creation_date(datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc))
    paper.add_page()
    paper.set_font("Helvetica", size=11)
    if name == "columns.pdf":
        paper.multi_cell(80, 6, WORDS * 5)
        paper.set_xy(110, 10)
        paper.multi_cell(80, 6, "Right column: " + WORDS * 4)
        paper.add_page()
        paper.set_char_spacing(2)
        paper.cell(0, 10, "S p a c e d  title é ü ß")
    else:
        with paper.table() as table:
            for row in (("Item", "Price", "Note"), ("Tea", "2.50", "hot"), ("Juice", "3.00", "")):
                line = table.row()
                for cell in row:
                    line.cell(cell)
    paper.output(os.path.join(sys.argv[1], name))
