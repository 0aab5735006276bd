"""What machines an image is for, and which of several images somebody means."""

from __future__ import annotations

import platform as machine
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from repro.errors import TargetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

ARCHITECTURES: Final = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
}
"""Architecture and variant in Go's words (GOARCH), which images use, by what others say."""
USUAL: Final = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
"""The variant that is meant where none is said.

Source: https://github.com/containerd/platforms, database.go.
"""
PATTERN: Final = re.compile(r"([a-z0-9]{1,20})/([a-z0-9_-]{1,20})(?:/([a-z0-9.]{1,20}))?")


class Platform(msgspec.Struct, frozen=True):
    """An operating system and a processor, as Go names them."""

    os: str
    architecture: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read `OS/ARCHITECTURE[/VARIANT]`; raises UsageError."""
        match = PATTERN.fullmatch(text.strip().lower())
        if not match:
            raise UsageError(
                f"--platform {text!r} is not OS/ARCHITECTURE",
                advice="For example linux/amd64 or linux/arm64/v8.",
            )
        architecture, variant = ARCHITECTURES.get(match[2], (match[2], ""))
        return cls(match[1], architecture, match[3] or variant or None)

    @classmethod
    def host(cls) -> Platform:
        """Return what containers of this machine run on."""
        return cls.parse(f"linux/{machine.machine()}")

    def __str__(self) -> str:
        """Return it as `--platform` takes it; an image may say anything, so that it is escaped."""
        parts = (self.os, self.architecture, self.variant)
        return "/".join(ascii(part[:20])[1:-1] for part in parts if part) or "unknown"

    def suits(self, wanted: Platform) -> bool:
        """Tell whether this is what was asked for, or a variant where none was asked for."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        return wanted.variant is None or self.exact == wanted.exact

    @property
    def exact(self) -> str:
        """The variant, the usual one if none is said."""
        return self.variant or USUAL.get(self.architecture, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which of several platforms; by default this machine's, or the only one there is."""

    platform: str | None = None
    all_platforms: bool = False

    def __post_init__(self) -> None:
        if self.platform and self.all_platforms:
            raise UsageError("one platform and all of them", advice="Ask for one or the other.")

    def pick(self, found: Sequence[tuple[Platform, T]], name: str) -> list[T]:
        """Return what is meant; TargetError where it is not there, with what there is."""
        if self.all_platforms:
            return [each for _, each in found]
        if len(found) == 1 and self.platform is None:
            return [found[0][1]]
        wanted = Platform.parse(self.platform) if self.platform else Platform.host()
        suitable = [pair for pair in found if pair[0].suits(wanted)]
        if not suitable:
            raise _missing(name, wanted, [platform for platform, _ in found])
        return [min(suitable, key=lambda pair: pair[0].exact != wanted.exact)[1]]


def _missing(name: str, wanted: Platform, found: Sequence[Platform]) -> TargetError:
    there = ", ".join(sorted({str(each) for each in found})[:20])
    return TargetError(
        f"{name} has no image for {wanted}; there is {there}",
        advice="Say which with --platform.",
    )
