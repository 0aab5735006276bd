"""What a question without an answer means, in words that hold no secret.

The texts of the libraries' own errors hold whole addresses, and a signature may be in one.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

import requests

from repro.errors import RegistryError
from repro.registry.patience import TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL says of a server that answers in the clear."""
CONNECTION: Final = "Check the registry's name, the network and the proxy settings."


class NotThereError(RegistryError):
    """The registry has no such thing, or keeps it from whoever asks."""


class NoTLSError(RegistryError):
    """The server answers in the clear."""


class UnansweredError(TransientError):
    """There is no connection, or nothing comes over it."""


class RefusedError(UnansweredError):
    """Nothing listens there: one more try is enough, for a server that starts anew."""

    tries = 1


def explain(error: requests.RequestException, host: str) -> RegistryError:
    """Say why a server gave no answer; a TransientError where another try may help."""
    if isinstance(error, requests.exceptions.SSLError):
        return _explain_tls(str(error), host)
    if isinstance(error, requests.exceptions.ProxyError):
        return UnansweredError(f"the proxy does not lead to {host}", advice=CONNECTION)
    if isinstance(error, requests.Timeout):
        return UnansweredError(f"{host} does not answer in time", advice=CONNECTION)
    if _unknown_name(error):
        return RegistryError(f"there is no host {host}", advice=CONNECTION)
    if isinstance(error, requests.ConnectionError):
        return _unreached(error, host)
    return RegistryError(f"{host} cannot be asked: {type(error).__name__}", advice=CONNECTION)


def _unreached(error: requests.ConnectionError, host: str) -> UnansweredError:
    if any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error)):
        return RefusedError(f"{host} refuses connections: nothing listens", advice=CONNECTION)
    return UnansweredError(f"{host} cannot be reached", advice=CONNECTION)


def _explain_tls(text: str, host: str) -> RegistryError:
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return RegistryError(
            f"the certificate of {host} is not trusted",
            advice="If the registry has an authority of its own, name its certificate: --ca-file, "
            f"/etc/docker/certs.d/{host}/ca.crt, or the variable REQUESTS_CA_BUNDLE.",
        )
    if any(sign in text for sign in NO_TLS):
        return NoTLSError(
            f"{host} does not speak TLS",
            advice="A registry without TLS is read on this machine alone, or where plain HTTP "
            "is asked for.",
        )
    return UnansweredError(f"no encrypted connection to {host} comes about", advice=CONNECTION)


def _unknown_name(error: BaseException) -> bool:
    """Tell whether the resolver knows for sure: EAI_AGAIN is a resolver that cannot answer."""
    codes = [cause.errno for cause in _causes(error) if isinstance(cause, socket.gaierror)]
    return socket.EAI_NONAME in codes


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(20):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__
