"""Writes fixtures/images: archives of images that are small, and shaped as real ones are.

python -m lab.small [FOLDER]

They hold what repro reads of an image that it never runs: package databases, metadata of Python
distributions, headers of libraries, tokenizers. No program in them runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lab import elf
from lab.oci import MEDIA, Build, Layout, Step, layer
from lab.safetensors import safetensors
from lab.tar import Entry, link, program

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA: Final = Path(__file__).parent / "data"
IMAGES: Final = Path(__file__).parents[1] / "fixtures" / "images"
SITE: Final = "usr/local/lib/python3.11/site-packages"
PATH: Final = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"

OS_RELEASE: Final = b"""\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
"""
SYSTEM: Final = (
    ("base-files", "12.4+deb12u8"),
    ("libc6", "2.36-9+deb12u9"),
    ("libgcc-s1", "12.2.0-14"),
    ("libgomp1", "12.2.0-14"),
    ("libssl3", "3.0.15-1~deb12u1"),
    ("libstdc++6", "12.2.0-14"),
    ("zlib1g", "1:1.2.13.dfsg-1"),
)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A distribution as pip leaves it, with the files that matter here."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    tag: str = "py3-none-any"

    def entries(self) -> Iterator[Entry]:
        """The files, and the .dist-info that tells of them (PEP 376, PEP 427)."""
        module = self.name.replace("-", "_")
        files = self.files or ((f"{module}/__init__.py", f"# {self.name}\n".encode()),)
        about = "".join(
            (
                f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n",
                *(f"Requires-Dist: {one}\n" for one in self.requires),
            )
        )
        pure = str(self.tag.endswith("any")).lower()
        wheel = f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {self.tag}\n"
        folder = f"{module}-{self.version}.dist-info"
        held = {
            **dict(files),
            f"{folder}/INSTALLER": b"pip\n",
            f"{folder}/METADATA": about.encode(),
            f"{folder}/WHEEL": wheel.encode(),
        }
        rows = [f"{name},{_digest(data)},{len(data)}\n" for name, data in sorted(held.items())]
        held[f"{folder}/RECORD"] = "".join([*rows, f"{folder}/RECORD,,\n"]).encode()
        for name, data in sorted(held.items()):
            yield Entry(f"{SITE}/{name}", data)


def cuda(name: str, version: str, *sonames: str) -> Wheel:
    """Return one of NVIDIA's wheels, with libraries that have these names."""
    place = f"nvidia/{name.removeprefix('nvidia-').removesuffix('-cu12').replace('-', '_')}"
    files = ((f"{place}/lib/{one}", elf.library(one, f"{one} {version}")) for one in sonames)
    return Wheel(name, version, files=tuple(files), tag="py3-none-manylinux2014_x86_64")


def torch(version: str, toolkit: str, *libraries: str) -> Wheel:
    """Return torch, with the file that tells for which CUDA it was made."""
    about = f"__version__ = '{version}'\ncuda = '{toolkit}'\n".encode()
    requires = ("filelock", "fsspec", "jinja2", "networkx", "sympy", *libraries)
    tag = "cp311-cp311-manylinux1_x86_64"
    return Wheel("torch", version, requires, (("torch/version.py", about),), tag)


def compiled(name: str, version: str, *requires: str) -> Wheel:
    """Return a distribution with machine code."""
    return Wheel(name, version, requires, tag="cp311-cp311-manylinux_2_17_x86_64")


SAME: Final = (
    Wheel("filelock", "3.16.1"),
    Wheel("fsspec", "2024.9.0"),
    Wheel("jinja2", "3.1.4", ("MarkupSafe>=2.0",)),
    compiled("markupsafe", "3.0.2"),
    Wheel("networkx", "3.4.2"),
    Wheel("sympy", "1.13.1"),
    cuda("nvidia-cuda-runtime-cu12", "12.4.127", "libcudart.so.12"),
)
TORCH: Final = {
    "v1": (
        *SAME,
        cuda("nvidia-cublas-cu12", "12.4.5.8", "libcublas.so.12", "libcublasLt.so.12"),
        cuda("nvidia-cudnn-cu12", "9.1.0.70", "libcudnn.so.9"),
        torch("2.5.1", "12.4", "nvidia-cublas-cu12==12.4.5.8", "nvidia-cudnn-cu12==9.1.0.70"),
        compiled("numpy", "1.26.4"),
    ),
    "v2": (
        *SAME,
        cuda("nvidia-cublas-cu12", "12.8.4.1", "libcublas.so.12", "libcublasLt.so.12"),
        cuda("nvidia-cudnn-cu12", "9.10.2.21", "libcudnn.so.9"),
        torch("2.5.1", "12.4", "nvidia-cublas-cu12==12.4.5.8", "nvidia-cudnn-cu12==9.1.0.70"),
        compiled("numpy", "2.1.3"),
    ),
}
HUB: Final = (
    Wheel("certifi", "2024.8.30"),
    compiled("pyyaml", "6.0.2"),
    compiled("regex", "2024.11.6"),
    Wheel("requests", "2.32.3", ("certifi>=2017.4.17", "urllib3<3,>=1.21.1")),
    compiled("safetensors", "0.4.5"),
    Wheel("urllib3", "2.2.3"),
)
APPLICATION: Final = {
    "v1": (
        *HUB,
        Wheel("huggingface-hub", "0.26.2", ("filelock", "fsspec>=2023.5.0", "requests", "tqdm")),
        compiled("tokenizers", "0.20.3", "huggingface-hub<1.0,>=0.16.4"),
        Wheel("tqdm", "4.66.5"),
        Wheel(
            "transformers",
            "4.46.3",
            ("numpy>=1.17", "regex!=2019.12.17", "safetensors>=0.4.1", "tokenizers<0.21,>=0.20"),
        ),
    ),
    "v2": (
        *HUB,
        Wheel("huggingface-hub", "0.26.5", ("filelock", "fsspec>=2023.5.0", "requests", "tqdm")),
        compiled("tokenizers", "0.21.2", "huggingface-hub<1.0,>=0.16.4"),
        Wheel("tqdm", "4.67.1"),
        Wheel(
            "transformers",
            "4.47.0",
            ("numpy>=1.17", "regex!=2019.12.17", "safetensors>=0.4.1", "tokenizers<0.22,>=0.21"),
        ),
    ),
}


def system(architecture: str) -> tuple[Entry, ...]:
    """Return what Debian's image says of itself."""
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\n"
        f"Version: {version}\n\n"
        for name, version in SYSTEM
    )
    return (
        Entry("etc/debian_version", b"12.8\n"),
        link("etc/os-release", "../usr/lib/os-release"),
        link("lib", "usr/lib"),
        Entry("usr/lib/os-release", OS_RELEASE),
        Entry("var/lib/dpkg/status", status.encode()),
    )


def python(architecture: str) -> tuple[Entry, ...]:
    """Return the interpreter: a header, and the folder by which it would find itself."""
    return (
        program("usr/local/bin/python3.11", elf.program(architecture)),
        link("usr/local/bin/python3", "python3.11"),
        Entry("usr/local/lib/python3.11/os.py", b"# The standard library's landmark.\n"),
    )


def install(*wheels: Wheel) -> bytes:
    """Return the layer that an installation made."""
    ordered = sorted(wheels, key=lambda wheel: wheel.name)
    return layer(entry for wheel in ordered for entry in wheel.entries())


def models(version: str) -> bytes:
    """Return the layer with the model, its tokenizer and its defaults."""
    config = {"architectures": ["DemoForCausalLM"], "model_type": "demo", "vocab_size": 600}
    generation = {"do_sample": True, "temperature": {"v1": 0.7, "v2": 0.6}[version]}
    template = (DATA / f"tokenizer_config.{version}.json").read_bytes()
    place = "models/demo"
    return layer(
        (
            Entry(f"{place}/config.json", _json(config)),
            Entry(f"{place}/generation_config.json", _json(generation)),
            Entry(f"{place}/model.safetensors", safetensors({"head.weight": (8, 8)})),
            Entry(f"{place}/tokenizer.json", (DATA / "tokenizer.json").read_bytes()),
            Entry(f"{place}/tokenizer_config.json", template),
        )
    )


BASE: Final = (
    Step("# debian.sh --arch 'amd64' out/ 'bookworm'", layer(system("amd64"))),
    Step(f"ENV {PATH}"),
    Step("RUN /bin/sh -c set -eux; ./configure; make install # buildkit", layer(python("amd64"))),
    Step('CMD ["python3"]'),
)
"""As the official images of Python are made."""


def app(version: str) -> Build:
    """Return the application under one of its two tags."""
    libraries = {
        "v1": "torch==2.5.1 numpy==1.26.4",
        "v2": "torch==2.5.1 numpy==2.1.3 && pip install --no-deps -r cuda.txt",
    }
    return Build(
        steps=(
            *BASE,
            Step("WORKDIR /app"),
            Step(
                f"RUN /bin/sh -c pip install {libraries[version]} # buildkit",
                install(*TORCH[version]),
            ),
            Step(
                "RUN /bin/sh -c pip install -r requirements.txt # buildkit",
                install(*APPLICATION[version]),
            ),
            Step("COPY models /models # buildkit", models(version)),
            Step("ENV TOKENIZERS_PARALLELISM=false"),
            Step('ENTRYPOINT ["python3" "-m" "serve"]'),
        ),
        config={
            "Env": [PATH, "TOKENIZERS_PARALLELISM=false"],
            "Entrypoint": ["python3", "-m", "serve"],
            "WorkingDir": "/app",
            "Labels": {"org.opencontainers.image.version": version.removeprefix("v")},
        },
    )


def app_archive(version: str) -> bytes:
    """Return an archive with one image, as BuildKit writes it."""
    layout = Layout()
    return layout.archive(layout.image(app(version)), f"registry.example.org/team/app:{version}")


def multi_archive() -> bytes:
    """Return an archive with an index of two platforms, and an attestation for each."""
    layout = Layout()
    images = [layout.image(variant(architecture)) for architecture in ("amd64", "arm64")]
    attestations = [attestation(layout, image) for image in images]
    index = layout.index([*images, *attestations])
    return layout.archive(index, "registry.example.org/team/multi:1")


def variant(architecture: str) -> Build:
    """Return a small image of one platform; one distribution is newer for one of them."""
    version = {"amd64": "0.21.2", "arm64": "0.20.3"}[architecture]
    wheel = Wheel("tokenizers", version, tag="cp311-cp311-linux")
    whole = layer((*system(architecture), *python(architecture), *wheel.entries()))
    return Build(
        steps=(Step("COPY rootfs / # buildkit", whole),),
        config={"Env": [PATH], "Cmd": ["python3"]},
        architecture=architecture,
    )


def attestation(layout: Layout, image: dict[str, Any]) -> dict[str, Any]:
    """Keep what BuildKit puts beside an image: provenance, under a platform that is none."""
    kind = "application/vnd.in-toto+json"
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "subject": [], "predicate": {}}
    held = layout.document(kind, statement)
    config = {
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [held["digest"]]},
    }
    return layout.manifest(
        layout.document(f"{MEDIA}.config.v1+json", config),
        [held],
        annotations={
            "vnd.docker.reference.digest": image["digest"],
            "vnd.docker.reference.type": "attestation-manifest",
        },
        platform={"architecture": "unknown", "os": "unknown"},
    )


def archives() -> dict[str, bytes]:
    """Return every archive by its file name."""
    return {
        "app-v1.oci.tar": app_archive("v1"),
        "app-v2.oci.tar": app_archive("v2"),
        "multi.oci.tar": multi_archive(),
    }


def main(arguments: list[str]) -> None:
    """Write the archives."""
    target = Path(arguments[0]) if arguments else IMAGES
    target.mkdir(parents=True, exist_ok=True)
    for name, content in archives().items():
        (target / name).write_bytes(content)


def _digest(data: bytes) -> str:
    text = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={text}"


def _json(document: dict[str, Any]) -> bytes:
    return f"{json.dumps(document, indent=2)}\n".encode()


if __name__ == "__main__":
    main(sys.argv[1:])
