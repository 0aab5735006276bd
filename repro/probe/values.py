"""Makes what a target says fit to stand in a manifest: no floats, no secrets, bounded."""

import hashlib
import json
import re

LONGEST = 4096
"""Bytes of one text; what is longer keeps its digest, so that a difference still shows."""

DEEPEST, MOST = 16, 4096
"""Levels and entries of one value; no known configuration file comes near."""

LARGEST = 1 << 63
"""Integers beyond 64 bits are written as text, for JSON readers disagree about them."""

USER_INFO = re.compile(r"://[^/\s,;\"']*@")
"""The part of a URL before the host (RFC 3986, 3.2.1): where passwords stand."""

NAMED_SECRET = re.compile(
    r"((?:token|secret|password|passwd|credential|signature|api[_-]?key|access[_-]?key)"
    r"[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^&\s,;}\"']+)",
    re.IGNORECASE,
)
"""`?token=…` in a query, `"api_key": "…"` in JSON; `max_tokens: 5` does not match."""

SHAPED_SECRET = re.compile(
    r"\b(?:hf_|api_org_|nvapi-|sk-|ghp_|gho_|ghs_|github_pat_|glpat-|xox[abp]-|AKIA|ASIA|eyJ)"
    r"[A-Za-z0-9_.-]{12,}"
)
"""Access tokens by the prefixes of Hugging Face, NVIDIA, GitHub, GitLab, Slack, AWS and JWT."""

SECRET_WORDS = frozenset(
    """
TOKEN KEY APIKEY SECRET SECRETS PASSWORD PASSWORDS PASSWD PASS PASSPHRASE PWD CREDENTIAL
CREDENTIALS CREDS AUTH AUTHORIZATION COOKIE SIGNATURE PRIVATE LICENSE
""".split()  # noqa: SIM905 - words read better than a list.
)
SECRET_ENDINGS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "CREDENTIALS")
"""Ends of run-together words such as HFTOKEN; `TOKENIZERS` and `TOKENS` are none."""

CONTAINERS = 2000000
"""Values of one JSON file at most, at some 100 bytes each; a large vocabulary has 500,000."""

NO_SECRET = frozenset(["TIKTOKEN"])
"""The name of a tokenizer library."""


def plain(value, depth=0):
    """A JSON value without floats, without text that cannot be encoded, and of bounded size."""
    if value is None or isinstance(value, (str, int, float)):
        return _scalar(value)
    if depth >= DEEPEST or len(value) > MOST:
        return digest(canonical(value))
    if isinstance(value, dict):
        return {text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    return [plain(item, depth + 1) for item in value]


def _scalar(value):
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return repr(value)
    small = value is None or -LARGEST <= value < LARGEST
    return value if small else text("0x%x" % value)


def text(value):
    """Encodable text; of what is longer than LONGEST the beginning, its length and its digest."""
    data = _encoded(value)
    if len(data) <= LONGEST:
        return data.decode("utf-8", "backslashreplace")
    return _long(value, data)


def public(value):
    """Text without user info in URLs and without what looks like a secret."""
    # The patterns see a bounded piece: a hostile value must not make them slow.
    clean = USER_INFO.sub("://", value[:LONGEST])
    clean = NAMED_SECRET.sub(r"\1…", clean)
    clean = SHAPED_SECRET.sub("…", clean)
    return text(clean) if len(value) <= LONGEST else _long(clean, _encoded(value))


def _encoded(value):
    try:
        return value.encode("utf-8", "surrogateescape")  # Undoes what os.environ did to bytes.
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace")


def _long(beginning, data):
    shown = _encoded(beginning[:256]).decode("utf-8", "backslashreplace")
    return "%s… %d bytes, %s" % (shown, len(data), digest(data))


def secret(name):
    """Whether a variable or flag of this name may hold a secret; decided by whole words."""
    words = re.split(r"[^A-Za-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name))
    return any(
        word in SECRET_WORDS or word.endswith(SECRET_ENDINGS)
        for word in (word.upper() for word in words)
        if word not in NO_SECRET
    )


def digest(data):
    """`sha256:` and the hexadecimal digest of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(value):
    """JSON bytes with sorted keys and no white space: equal for files that differ in form alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def document(data):
    """The JSON value in bytes; ValueError says why there is none."""
    if sum(map(data.count, (b"[", b"{", b","))) > CONTAINERS:
        raise ValueError("more than %d values" % CONTAINERS)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as error:
        raise ValueError("not JSON: %s" % str(error)[:200]) from None


def reason(error):
    """Why a path could not be read, without the path that the fact names already."""
    return getattr(error, "strerror", None) or str(error)[:300] or type(error).__name__
