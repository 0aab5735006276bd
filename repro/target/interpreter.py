"""Finds a Python in a container by its file system, where no name on the PATH leads to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from docker.errors import DockerException, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container

NAMES: Final = ("python3", "python", *(f"python3.{minor}" for minor in range(14, 6, -1)))
PREFIXES: Final = (
    "/opt/venv",
    "/venv",
    "/.venv",
    "/app/.venv",
    "/app/venv",
    "/opt/conda",
    "/root/miniconda3",
    "/opt/miniconda3",
    "/usr/local",
    "/usr",
    "/opt/python",
    "/opt/pypy",
)


def candidates(container: Container) -> Iterator[str]:
    """Yield the paths at which the container has something that is named like a Python."""
    for directory in _directories(container):
        for name in NAMES:
            path = f"{directory}/{name}"
            if _exists(container, path):
                yield path


def _directories(container: Container) -> list[str]:
    environment = container.attrs.get("Config", {}).get("Env") or []
    path = next((line[5:] for line in environment if line.startswith("PATH=")), "")
    named = [part.rstrip("/") for part in path.split(":") if part.startswith("/")]
    return list(dict.fromkeys([*named, *(f"{prefix}/bin" for prefix in PREFIXES)]))


def _exists(container: Container, path: str) -> bool:
    try:
        stream, _ = container.get_archive(path)
    except NotFound:
        return False
    except DockerException:
        return False
    close = getattr(stream, "close", None)
    if close:
        close()
    return True
