"""Compiles the stand-ins for a driver's libraries: `python build.py VARIANT FOLDER`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

VARIANTS: Final = {
    "h100": "580.159.04",
    "mismatch": "580.159.04",
    "mig": "580.159.04",
    "crash": "580.159.04",
    "dies": "580.159.04",
    "lost": "580.159.04",
    "none": "580.159.04",
    "old": "470.256.02",
}
"""The macro of each variant in nvidia.c, in lower case, and its driver's version."""
SOURCE: Final = Path(__file__).with_name("nvidia.c")


def build(directory: Path, variant: str = "h100") -> Path:
    """Put libnvidia-ml and libcuda of a variant into the folder, as a driver installs them."""
    version = VARIANTS[variant]
    directory.mkdir(parents=True, exist_ok=True)
    for name, macro in (("libnvidia-ml.so", "NVML"), ("libcuda.so", "CUDA")):
        flags = [f"-D{macro}", f"-D{variant.upper()}", f"-Wl,-soname,{name}.1"]
        compile_library(SOURCE, directory / f"{name}.{version}", *flags)
        link = directory / f"{name}.1"
        link.unlink(missing_ok=True)
        link.symlink_to(f"{name}.{version}")
    return directory


def library(path: Path, code: str = "int nothing;", *flags: str, soname: str | None = None) -> Path:
    """Compile C text into a shared library with a build id; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = path.parent / f".{path.name}.c"
    source.write_text(code)
    compile_library(source, path, f"-Wl,-soname,{soname or path.name}", *flags)
    source.unlink()
    return path


def compile_library(source: Path, path: Path, *flags: str) -> None:
    """Run the system's C compiler; CalledProcessError carries its message."""
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wl,--build-id=sha1", "-o", str(path)]
    subprocess.run([*command, str(source), *flags], check=True)


if __name__ == "__main__":
    print(build(Path(sys.argv[2]), sys.argv[1]))
