"""Which Unicode the regular expressions of `tokenizers` know, where there is no tokenizer."""

from . import unicode
from .found import calm

NEEDS = ("tokenizers",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ()
SPARE = True


def run(case, job):
    from tokenizers import Regex, pre_tokenizers

    split = pre_tokenizers.Split(Regex(r"\p{L}"), "removed")

    def is_letter(letter):
        return len(split.pre_tokenize_str("1" + letter + "1")) == 2

    case("letters", calm(lambda: unicode.newest(is_letter)))
