"""HTTP connections whose every step is watched, through the proxies and authorities of the user."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from repro import __version__
from repro.errors import RegistryError
from repro.registry.watchdog import Watchdog

if TYPE_CHECKING:
    from pathlib import Path

    from urllib3 import BaseHTTPResponse, HTTPResponse

BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name other certificate authorities: those of requests, and OpenSSL's."""

_watchdogs: WeakKeyDictionary[BaseHTTPResponse, Watchdog] = WeakKeyDictionary()


def watchdog_of(response: BaseHTTPResponse) -> Watchdog:
    """Return what watches over a response of `new_session`."""
    return _watchdogs[response]


def new_session(ca_file: Path | None) -> requests.Session:
    """Return a session that keeps no cookies and takes no passwords from .netrc.

    A certificate authority of the user's is trusted beside the usual ones: a registry that has
    one often refers to storage that has not.
    """
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update(
        {"User-Agent": f"repro/{__version__}", "Accept-Encoding": "identity", "Accept": "*/*"}
    )
    adapter = _Adapter(_context(ca_file))
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def authorities() -> str | bool:
    """Return the bundle of certificate authorities that the environment names, if it does."""
    named = (os.environ.get(name) for name in BUNDLES)
    return next((path for path in named if path), True)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    named = tuple(os.environ.get(name) for name in (*BUNDLES, "SSL_CERT_DIR"))
    return _trusting(ca_file, named)


@lru_cache(maxsize=8)
def _trusting(ca_file: Path | None, named: tuple[str | None, ...]) -> ssl.SSLContext:
    """Read the authorities once for all connections: that takes longer than a question."""
    del named  # What OpenSSL looks at itself: other values make another context.
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one.
            raise RegistryError(
                f"no certificate authority can be read from {ca_file}: {error.strerror or error}",
                advice="It has to be a file of certificates in PEM form.",
            ) from error
    return context


class _Session(requests.Session):
    """Sees no redirect: to prepare the next request, requests reads the body without a bound."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return none: repro.registry.transport follows redirects."""


class _WatchedHTTP(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # As urllib3 has it.
        return _watched(self, super().getresponse)


class _WatchedHTTPS(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # As urllib3 has it.
        return _watched(self, super().getresponse)


def _watched(connection: HTTPConnection, receive: Any) -> HTTPResponse:
    """Receive the head of an answer in one step; its watchdog stays for the body."""
    watchdog = Watchdog(connection.sock, float(connection.timeout or 0))
    try:
        with watchdog.step():
            response: HTTPResponse = receive()
    except BaseException:
        watchdog.stop()
        raise
    _watchdogs[response] = watchdog
    return response


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class _Adapter(HTTPAdapter):
    """Makes watched connections, directly and through proxies."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **keywords: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **keywords)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **keywords: Any) -> Any:
        manager = super().proxy_manager_for(*args, ssl_context=self._context, **keywords)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS: Final = {"http": _HTTPPool, "https": _HTTPSPool}
