"""Installs conda packages of a local channel by rattler, the engine of pixi, into a folder.

python lab/conda_install.py RATTLER CHANNEL CACHE FOLDER PREFIX NAME...

It runs by itself, because only here is rattler needed: RATTLER is the folder that it lies in.
PREFIX is where the environment will stand in the image.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path


async def install(channel: Path, cache: Path, folder: Path, prefix: str, names: list[str]) -> None:
    """Index the channel, solve the names and link the packages into the folder."""
    import rattler  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - main says where.
    from rattler.index import (  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
        index_fs,
    )

    platforms = [path.name for path in channel.iterdir()]
    await index_fs(channel)
    records = await rattler.solve([channel.as_uri()], names, platforms=platforms)
    await rattler.install(
        records,
        folder,
        cache_dir=cache,
        show_progress=False,
        alternative_target_prefix=prefix,
    )


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    asyncio.run(install(*map(Path, sys.argv[2:5]), sys.argv[5], sys.argv[6:]))
