"""Which Unicode the regular expressions of `tiktoken` know, whatever vocabulary is in use."""

from . import unicode
from .found import calm

NEEDS = ("tiktoken",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ()


def run(case, job):
    import tiktoken

    encoding = tiktoken.Encoding(
        name="letters",
        pat_str=r"\p{L}+",
        mergeable_ranks={bytes([number]): number for number in range(256)},
        special_tokens={},
    )
    case("letters", calm(lambda: unicode.newest(lambda x: bool(encoding.encode_ordinary(x)))))
