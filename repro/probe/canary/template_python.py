"""What Python's own library makes of text, numbers and dates on their way into a prompt."""

import html
import io
import json
import locale
import os
import re
import sys
import textwrap
import time
import unicodedata
import urllib.parse

NEEDS = ()
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = (
    "python.interpreter:*",
    "setting:LANG",
    "setting:LC_ALL",
    "setting:LC_CTYPE",
    "setting:PYTHONHASHSEED",
    "setting:PYTHONUTF8",
    "setting:TZ",
    "setting:timezone",
)

TEXTS = (
    "Straße ﬁn İstanbul Ǆ ŉ ς",
    "e\u0301 \u00e9 \u1e9b\u0323 \u212b \u2460 \u00bd \u32ff \ua7f2",
    "a\u00a0b\u2003c\u200bd\u2028e\x1cf\x85g\ufeffh",
    "l'été n_1 snake_case 3.14 ٣ Ⅷ x² don't",
    "中文 カタカナ ﾊﾝｶｸ 한국어 ไทย हिन्दी ـعربي",
    "👩\u200d👩\u200d👧 🇫🇷 ☝🏽 🫠 🩷",
    "\ud800 \udfff \U00010ffff",
    "\tif x:\r\n\t\treturn '\\n'  \r trailing \x0c\v",
)
MARKUP = "&lt;b&gt; &amp;amp; &eacute;&nbsp &#128; &#x1F600; &notit; &ampx"
NUMBERS = (0.1, 1e16, 1e22, 1 / 3, 2.5, -0.0, 1e-7, float("inf"), 123456789.125, 2.675)
INSTANTS = (0, 951868799, 1704067200, 1719835200, 1735603199)
"""Seconds since 1970 near ends of days, in winters and summers."""
FORMAT = "%d %b %Y %H:%M:%S %z"
BYTES = b"caf\xc3\xa9 \xe9 \x80\xff \xf0\x9f\x98\x80 \xed\xa0\x80"


def run(case, job):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        each(case, form, lambda text, form=form: unicodedata.normalize(form, text))
    each(case, "categories", lambda text: "".join(map(unicodedata.category, text)))
    each(case, "widths", lambda text: "".join(map(unicodedata.east_asian_width, text)))
    for method in ("lower", "upper", "title", "casefold", "strip", "split", "splitlines"):
        each(case, method, lambda text, method=method: getattr(text, method)())
    each(case, "words", lambda text: re.findall(r"\w+", text))
    each(case, "spaces", lambda text: re.split(r"\s", text))
    each(case, "edges", lambda text: re.sub(r"\b", "|", text))
    each(case, "digits", lambda text: re.findall(r"\d", text))
    each(case, "ignoring case", lambda text: re.findall(r"(?i)[a-zſıß]+", text))
    each(case, "repr", repr)
    each(case, "json", json.dumps)
    each(case, "wrap", lambda text: textwrap.wrap(text, 12))
    each(case, "quote", lambda text: urllib.parse.quote(text, errors="replace"))
    case("json/text", lambda: json.dumps({"b": [1.0, None, "é"], "a": {}}, ensure_ascii=False))
    case("json/sorted", lambda: json.dumps({"b": 1, "a": (2, 3)}, sort_keys=True, indent=2))
    case("markup", lambda: [html.unescape(MARKUP), html.escape("<a href='x'>&\"")])
    case("numbers", lambda: [repr(n) + " %.2f %g" % (n, n) for n in NUMBERS])
    case("numbers/format", lambda: ["{:,.3f} {:e}".format(n, n) for n in NUMBERS])
    case("dedent", lambda: textwrap.dedent("  a\n \t\n    b\n"))
    for name in ("utf-8", "cp1252", "latin-1", "gb18030", "shift_jis", "utf-16-le"):
        case("decode/" + name, lambda name=name: BYTES.decode(name, "replace"))
    surroundings(case)


def each(case, name, function):
    case(name, lambda: [function(text) for text in TEXTS])


def surroundings(case):
    """What locale, time zone and hash seed of the process have a say in."""
    case("encoding", lambda: locale.getpreferredencoding(False).lower())
    case("encoding/files", sys.getfilesystemencoding)
    case("read", lambda: io.TextIOWrapper(io.BytesIO("café –".encode())).read())
    case("zone", lambda: time.tzname)
    for at in INSTANTS:
        case("time/%d" % at, lambda at=at: time.strftime(FORMAT, time.localtime(at)))
    case("month", month)
    case("order", order)


def month():
    """January as the process's locale spells it, for programs that ask for that."""
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "")
        return time.strftime("%A %B", time.gmtime(0))
    finally:
        locale.setlocale(locale.LC_TIME, before)


def order():
    """The order of a set of words; by default it is another one in each process."""
    if os.environ.get("PYTHONHASHSEED", "random") in ("", "random"):
        return "random"
    return list({"system", "user", "assistant", "tool", "développeur"})
