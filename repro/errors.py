"""What can go wrong for a user: each error carries its exit code and its advice."""

from __future__ import annotations


class ReproError(Exception):
    """The run could not be done; the message says what failed, the advice what to do."""

    exit_code = 2

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(ReproError):
    """What was asked for makes no sense together."""


class ManifestError(ReproError):
    """A file is not a manifest that this version can read."""


class EngineError(ReproError):
    """The container engine cannot be reached or refused."""


class RegistryError(ReproError):
    """An image registry cannot be reached, refused, or sent something else than was asked for."""


class AttestationError(ReproError):
    """What is attached to an image is malformed, or was not said by whom it should be."""


class UnattestedError(AttestationError):
    """Nothing that counts is attached to an image."""

    exit_code = 3


class TargetError(ReproError):
    """The target does not exist or cannot run here."""


class CannotRunError(TargetError):
    """The image is there, and nothing in it could run the probe here; its files can be read."""


class ProbeError(ReproError):
    """The probe was started and gave no complete answer."""


class CatalogError(ReproError):
    """The rule catalogue is not well-formed."""


class OutputError(ReproError):
    """A result could not be written."""
