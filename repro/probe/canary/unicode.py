"""The newest Unicode whose letters an engine knows, asked without any model's file."""

LETTERS = (
    ("11.0", 0x1C90),
    ("12.0", 0x119A0),
    ("13.0", 0x30000),
    ("14.0", 0x10570),
    ("15.0", 0x11F04),
    ("15.1", 0x2EBF0),
    ("16.0", 0x10D50),
    ("17.0", 0x323B0),
)
"""A letter that came with each version (Unicode Character Database, DerivedAge.txt)."""


def newest(is_letter):
    """The last version whose letter is one to an engine; "older" where none is."""
    known = [version for version, point in LETTERS if is_letter(chr(point))]
    return known[-1] if known else "older"


def of_python():
    """The tables of Python and, where it is there, of `regex`: tokenizers in Python use both."""
    import unicodedata

    told = {"unicodedata": unicodedata.unidata_version}
    try:
        import regex
    except ImportError:
        return told
    told["regex"] = newest(lambda letter: regex.match(r"\p{L}", letter) is not None)
    return told
