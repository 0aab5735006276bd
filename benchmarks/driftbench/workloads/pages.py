"""Text that is taken out of web pages for retrieval."""

import importlib.util

from outputs import attempt, emit

PAGE = """<!doctype html><html lang=en><head>
<title>News &amp; notes</title><style>p{}</style></head>
<body><nav><a href="/">Home</a></nav><article><h1>Bridge re-opens</h1><p>After <b>two years</b>
of work the
bridge&nbsp;is open.<p>Unclosed <i>tags<br/>and breaks<table><tr><td>Cost<td>3&frac12; M
</table><ul><li>first<li>second <a href='x?a=1&amp;b=2'>link</a></ul><pre>  code
   kept</pre><p>Second paragraph with more than enough words to count as the main content of this
page, since extractors look for density of text.</p></article><script>var x = "<p>no</p>";</script>
<footer>© 2024 &lt;us&gt;</footer></body></html>"""
found = {}
if importlib.util.find_spec("bs4"):
    import bs4

    for parser in ("html.parser", "lxml"):
        soup = attempt(bs4.BeautifulSoup, PAGE, parser)
        if not isinstance(soup, str):
            found[f"bs4.{parser}"] = soup.get_text(" ", strip=True)
            found[f"bs4.{parser}.links"] = [a.get("href") for a in soup.find_all("a")]
            found[f"bs4.{parser}.pretty"] = soup.prettify()
if importlib.util.find_spec("markdownify"):
    import markdownify

    found["markdownify"] = attempt(markdownify.markdownify, PAGE)
if importlib.util.find_spec("html2text"):
    import html2text

    found["html2text"] = attempt(html2text.html2text, PAGE)
if importlib.util.find_spec("ftfy"):
    import ftfy

    found["ftfy"] = [ftfy.fix_text(t) for t in ("cafÃ© â€” schÃ¶n", "ï»¿bom", "ﬁx &lt;3 ＡＢ\x07")]
if importlib.util.find_spec("unidecode"):
    import unidecode

    found["unidecode"] = [unidecode.unidecode(t) for t in ("Ærøskøbing", "北京", "Ελλάδα ₿ ½")]
emit(found)
