"""Tiny documents of the kinds that prompts quote: a page of HTML, a PDF, a Word document."""

import io
import zipfile

HTML = """<!DOCTYPE html><html><head><title>A &amp; B</title><style>p {color: red}</style></head>
<body><h1>Über <em>all</em></h1><p>One<br>two&nbsp;three &lt;tag&gt; <b>bold <i>both</b> tail</i>
<p>Unclosed <a href="/x?a=1&b=2">link</a><ul><li>first<li>second<ol><li>inner</ol></ul>
<pre>  kept
    as is</pre><table><tr><th>k<th>v</tr><tr><td>1<td>a|b_c*d</table><script>var x = "<p>";</script>
<img src="i.png" alt="picture"><blockquote>quoted<hr></blockquote><code>x = `y`</code>
<div hidden>hidden</div><!-- comment --><svg><text>drawn</text></svg>&copy; 日本語</body></html>"""
"""Tags left open, nested wrongly, entities, a list in a list, a table: where parsers part ways."""

DRAWN = b"""BT /F1 12 Tf 72 700 Td (Left column, fi\\336rst) Tj 0 -14 Td (hyphen-) Tj 0 -14 Td
[(ated) -600 (gap) 30 (kern)] TJ ET BT /F1 12 Tf 300 700 Td (Right caf\\351) Tj T* (next) Tj ET
BT /F1 8 Tf 1 0 0 1 72 640 Tm (super) Tj 4 Ts (script) Tj 0 Ts 2 Tc ( wide) Tj ET"""
FONT = b"<</Font<</F1 5 0 R>>>>"
BODY = """<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Title</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">One </w:t></w:r><w:r><w:tab/><w:t>two</w:t><w:br/><w:t>é</w:t>
</w:r><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:noBreakHyphen/></w:r></w:p>
<w:tbl><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc>
</w:tr></w:tbl>"""
OFFICE = "http://schemas.openxmlformats.org/"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="%spackage/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
    'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>' % OFFICE,
    "_rels/.rels": '<Relationships xmlns="%spackage/2006/relationships"><Relationship Id="r1" '
    'Type="%sofficeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>" % (OFFICE, OFFICE),
    "word/document.xml": '<w:document xmlns:w="%swordprocessingml/2006/main"><w:body>%s'
    "</w:body></w:document>" % (OFFICE, BODY),
}


def pdf():
    """One page with two columns, kerning, a superscript, WinAnsi letters (ISO 32000-1, 7.5)."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources %s>>" % FONT,
        b"<</Length %d>>stream\n%s\nendstream" % (len(DRAWN), DRAWN),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )
    data, starts = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        starts.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    data += b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\n" % table
    return data + b"startxref\n%d\n%%%%EOF\n" % data.index(b"xref\n0")


def docx():
    """A heading, a paragraph with tab, break and link, a table (ECMA-376)."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in PARTS.items():
            archive.writestr(zipfile.ZipInfo(name), text.encode("utf-8"))
    return data.getvalue()
