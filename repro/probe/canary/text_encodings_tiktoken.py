"""What tiktoken's own encodings make of the corpus, where their files lie in its cache."""

import hashlib
import os
import tempfile

from . import corpus
from .record import Skip
from .text_tiktoken import over

NEEDS = ("tiktoken",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:tiktoken",)
INPUT = corpus.NAME
URL = "https://openaipublic.blob.core.windows.net/encodings/%s.tiktoken"
DIGESTS = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "p50k_base": "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
    "r50k_base": "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
}
"""https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py; a file in the cache
with another digest would be removed and fetched anew, and neither is a canary's business."""


def run(case, job):
    cached = [name for name in sorted(DIGESTS) if _is_cached(name)]
    if not cached:
        raise Skip("no encoding's file in tiktoken's cache, and none is fetched")
    import tiktoken

    for name in cached:
        over(case, tiktoken.get_encoding(name), name + ".")


def _is_cached(name):
    default = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    key = hashlib.sha1((URL % name).encode()).hexdigest()  # noqa: S324  # The cache names it so.
    path = os.path.join(folder, key)
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest() == DIGESTS[name]
    except OSError:
        return False
