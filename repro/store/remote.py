"""Object storage as a place for manifests, by whatever fsspec knows: s3://, gs://, az://, memory://.

fsspec and what it needs for a scheme are an extra, `repro-audit[stores]`: most have a folder.
"""

from __future__ import annotations

from typing import Any

from repro.errors import ManifestError, OutputError, UsageError
from repro.manifest import codec

EXTRA = (
    "pip install 'repro-audit[stores]', and for s3:// also s3fs, for gs:// gcsfs, for az:// adlfs"
)


class Remote:
    """All below a URL; who asks is found as the scheme's own tools find it."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            import fsspec  # noqa: PLC0415  # an extra

            self._files, root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise UsageError(f"{url}: {error}", advice=EXTRA) from error
        except ValueError as error:
            raise UsageError(f"{url}: {error}", advice="For example s3://bucket/fleet") from error
        self._root = str(root).rstrip("/")

    def names(self) -> list[str]:
        """List all files; UsageError where that is not possible."""
        try:
            self._files.invalidate_cache()
            found = self._files.find(self._root)
        except Exception as error:
            # Each scheme has errors of its own, and no class above them.
            raise UsageError(
                f"{self._url} cannot be listed: {_said(error)}",
                advice="Check the name, and who you are to the store.",
            ) from error
        return [str(path).removeprefix(self._root).lstrip("/") for path in found]

    def content(self, name: str) -> bytes:
        """Read one; ManifestError where it cannot be read, or is too large for a manifest."""
        path = f"{self._root}/{name}"
        try:
            size = self._files.info(path).get("size") or 0
            data: Any = b"" if size > codec.LIMIT else self._files.cat_file(path)
        except Exception as error:
            raise ManifestError(_said(error)) from error
        if size > codec.LIMIT:
            raise ManifestError(f"larger than {codec.LIMIT >> 20} MiB")
        return bytes(data)

    def put(self, name: str, data: bytes) -> bool:
        """Write one; object storage shows it whole or not at all. False where it is there."""
        path = f"{self._root}/{name}"
        try:
            if self._files.exists(path):
                return False
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, data)
        except Exception as error:
            raise OutputError(
                f"cannot write {name} to {self._url}: {_said(error)}",
                advice="Check who you are to the store, and what you may do there.",
            ) from error
        return True


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"
