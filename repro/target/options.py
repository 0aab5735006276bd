"""What a user may say about a snapshot, checked before anything is started."""

from __future__ import annotations

import re

import msgspec

from repro.errors import UsageError

UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """A canary of the user's: a command that prints JSON lines."""

    name: str
    command: str
    seconds: int = 60
    asked: bool = True
    """Whether it was named for this snapshot, not in a file: then it runs whatever is at work."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a snapshot is taken."""

    gpus: str | None = None
    """As `docker run --gpus`: `all`, a count, or `device=0,1`."""
    volumes: tuple[str, ...] = ()
    """`SOURCE:PATH`, always mounted read-only."""
    env: tuple[str, ...] = ()
    """`NAME=VALUE`."""
    platform: str | None = None
    timeout: int = 120
    """Seconds for the probe."""
    memory: int = 4 << 30
    """Bytes that the probe and the frameworks it imports may take."""
    paths: tuple[str, ...] = ()
    """Paths in the target where tokenizers and models are looked for besides the usual ones."""
    frameworks: bool = True
    """Whether frameworks are imported and asked."""
    static: bool = False
    """Whether images are read and not run."""
    all_platforms: bool = False
    """Whether every variant of a multi-platform image is read."""
    cache: bool = True
    """Whether indexes of layers are looked up and kept."""
    verify: bool | None = None
    """Whether layers in archives are read whole for their digests; None: unless they are large."""
    ca_file: str | None = None
    """Authorities that a registry's certificate may come from."""
    plain_http: bool = False
    """Whether a registry that is not this machine may be asked without encryption."""
    keys: tuple[str, ...] = ()
    """Files of public keys: what their owners attached to an image in a registry is believed."""
    attached: bool | None = None
    """Whether an attached manifest is demanded, or not used; None: used where it counts."""
    max_age: int | None = None
    """Seconds after which what was attached no longer counts."""
    canaries: bool | None = None
    """Whether canaries run; None: in what is started for it, not in what is at work already."""
    canary_budget: int = 120
    """Seconds for all canaries of a target together."""
    canary_full: bool = False
    """Whether canaries keep every value, not only the telling ones."""
    own: tuple[Own, ...] = ()
    """The user's own canaries."""
    endpoint: str | None = None
    """A server's URL: what serves there is asked, too."""
    srun: str = ""
    """Further arguments of srun, as a shell would read them."""
    host: str | None = None
    """An engine's URL."""
    context: str | None = None
    """A docker context."""


def parse_memory(text: str) -> int:
    """Read `512m` or `4g` as bytes."""
    match = re.fullmatch(r"(\d{1,12})([bkmg]?)b?", text.strip().lower())
    if not match or not int(match[1]):
        raise UsageError(f"--memory {text!r} is not an amount", advice="Say 512m or 4g.")
    return int(match[1]) * UNITS[match[2]]


def parse_volume(text: str) -> tuple[str, str]:
    """Read `SOURCE:PATH[:ro]`; a writable mount is refused."""
    parts = text.split(":")
    if len(parts) == 3 and parts[2] == "ro":
        parts = parts[:2]
    if len(parts) != 2 or not parts[0] or not parts[1].startswith("/"):
        raise UsageError(
            f"--volume {text!r} is not SOURCE:/PATH",
            advice="Mounts are read-only: give a volume or a folder, and a path in the target.",
        )
    return parts[0], parts[1]


def parse_env(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`."""
    name, separator, value = text.partition("=")
    if not separator or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UsageError(f"--env {text!r} is not NAME=VALUE", advice="For example --env TZ=UTC.")
    return name, value
