"""What the `regex` module matches, which tokenizers and splitters cut text by."""

NEEDS = ("regex",)
FAMILY = "template"
IMPACTS = ("prompt", "tokens")
COVERS = ("python.package:regex",)

PATTERNS = (
    r"\X",
    r"\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+|\s+",
    r"\p{Lu}\p{Ll}*|\p{Lm}|\p{Lo}",
    r"\p{Emoji_Presentation}|\p{Extended_Pictographic}",
    r"(?i:'s|'t|'re|'ve)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
    r"(?V1)[\p{Letter}--[aeiou]]+",
    r"\p{Han}+|\p{Hiragana}+|\p{Arabic}+|\p{Thai}+",
    r"\w+|\b|\m",
    r"(?:quick){e<=1}",
    r"\s|\R",
)
TEXTS = (
    "Don't STOP'S quikc ſ K 12345 x² ½ Ⅷ\r\n\t \u00a0\u3000\u2028",
    "e\u0301 ḍ̇ \u1112\u1161\u11ab 한국어 हिन्दी ไทย عربي 中文 ひらがな",
    "👩\u200d👩\u200d👧 🇫🇷🇩🇪 ☝🏽 1️⃣ 🫠 🩷 ❤️",
    "a\u20c0b \U0001e4f0 \U00010d40 \U0001fae9 \U0002ebf0",
)


def run(case, job):
    import regex

    for at, pattern in enumerate(PATTERNS):
        for number, text in enumerate(TEXTS):
            title = "%d/%d" % (at, number)
            case(title, lambda p=pattern, text=text: regex.findall(p, text))
    case("split", lambda: [regex.split(r"(?V1)(?=\p{Lu})", text) for text in TEXTS])
