"""What lxml reads out of a page."""

from . import documents

NEEDS = ("lxml",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:lxml",)


def run(case, job):
    from lxml import etree, html

    case("text", lambda: html.fromstring(documents.HTML).text_content())
    case("tree", lambda: html.tostring(html.fromstring(documents.HTML), encoding="unicode"))
    case("links", lambda: [list(map(str, found[:3])) for found in links(html)])
    case("path", lambda: html.fromstring(documents.HTML).xpath("//li//text()"))
    case("xml", lambda: etree.tostring(etree.fromstring("<a>\r\n<b/>&#233;</a>")))
    case("repaired", lambda: etree.tostring(etree.fromstring("<a><b></a>", repairing(etree))))


def links(html):
    for element, attribute, link, _ in html.fromstring(documents.HTML).iterlinks():
        yield element.tag, attribute, link


def repairing(etree):
    return etree.XMLParser(recover=True)
