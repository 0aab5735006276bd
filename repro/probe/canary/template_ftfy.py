"""What ftfy makes of text that was decoded wrongly."""

NEEDS = ("ftfy",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:ftfy",)

TEXTS = (
    "cafÃ© â€” Ã  la carte",
    "ＬＯＵＤ ﬁne “quotes” ‘x’ …",
    "&lt;b&gt; &amp;amp;",
    "l\u2019humanitÃ©\x85 \x1b[36mred\x1b[0m",
    "e\u0301\u200b\ufeff\u2028 \ud83d\ude00 \x01",
    "Ð¿Ñ€Ð¸Ð²ÐµÑ‚ ä½\xa0å¥½ ðŸ˜€",
    "Ã¢â‚¬Å“twiceÃ¢â‚¬Â\x9d",
)


def run(case, job):
    import ftfy

    for at, text in enumerate(TEXTS):
        case("fix/%d" % at, lambda text=text: ftfy.fix_text(text))
        case("encoding/%d" % at, lambda text=text: ftfy.fix_encoding(text))
    case("plain", lambda: [ftfy.fix_text(text, normalization="NFKC") for text in TEXTS])
