"""The answer of a server: its head, and a body that comes in pieces or ends in bounded time."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Final

import urllib3

from repro.errors import RegistryError
from repro.registry.address import origin, shown
from repro.registry.connection import watchdog_of
from repro.registry.patience import TransientError
from repro.registry.watchdog import StalledError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

PIECE: Final = 256 * 1024
DOCUMENT_SECONDS: Final = 120.0
"""How long a document of a few megabytes may take as a whole."""
DRAINED: Final = 16 * 1024
"""Bytes of a body nobody wants that are read so that its connection can be used again."""


class Answer:
    """Has to be closed, whatever it says."""

    def __init__(self, response: requests.Response, url: str) -> None:
        self._response, self._watchdog = response, watchdog_of(response.raw)
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.origin = origin(url)
        self.place = shown(url)
        """The address, for messages."""

    @property
    def length(self) -> int | None:
        """Bytes of the body as its head says; None where it does not."""
        text = self.headers.get("Content-Length", "")
        said = text.isascii() and text.isdigit() and len(text) < 20
        return int(text) if said and "Transfer-Encoding" not in self.headers else None

    def read(self, most: int = PIECE) -> bytes:
        """Return what comes next, nothing at the end; raises TransientError.

        urllib3 tells when fewer bytes come than the head says; where it says nothing, count them.
        """
        reason = ""
        try:
            with self._watchdog.step():
                piece: bytes = self._response.raw.read1(most, decode_content=False)
                self._watchdog.came(len(piece))
        except (StalledError, TimeoutError, urllib3.exceptions.TimeoutError):
            reason = "stalled"
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError):
            reason = "broke off"
        else:
            return piece
        self.close()
        raise self._broken(reason)

    def document(self, most: int) -> bytes:
        """Return the whole body and close; raises RegistryError where it is too long or late."""
        body = bytearray()
        end = time.monotonic() + DOCUMENT_SECONDS
        try:
            while piece := self.read(min(PIECE, most + 1 - len(body))):
                body += piece
                if len(body) > most:
                    raise RegistryError(
                        f"{self.place} is longer than the {most} bytes that are read of it"
                    )
                if time.monotonic() > end:
                    raise self._broken("stalled")
        finally:
            self.close()
        return bytes(body)

    def drain(self) -> None:
        """Close; a body that is said to be short is read first."""
        try:
            if self.length is not None and self.length <= DRAINED:
                self.document(DRAINED)
        except RegistryError:
            return
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back, or up if more would come."""
        self._watchdog.stop()
        self._response.close()

    def _broken(self, how: str) -> TransientError:
        return TransientError(f"the transfer from {self.place} {how}")
