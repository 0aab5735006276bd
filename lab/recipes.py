"""The images that can be built, as data."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from lab.conda import Conda
from lab.cuda import Part, Toolkit, Unpackaged
from lab.gguf import gguf
from lab.image import Image
from lab.layer import Copy, Data, Files, Layer, Link, Raw, Text
from lab.merged import LAYERS
from lab.rootfs import Debian, Distroless, Program
from lab.safetensors import safetensors
from lab.wheels import MACHINE, Wheels

PREFIX: Final = "repro-lab/"
DATA: Final = Path(__file__).parent / "data"

SYSTEM: Final = ("base-files", "busybox-static", "coreutils", "dash", "dpkg", "libc-bin")
PYTHON: Final = (*SYSTEM, "libgomp1", "libstdc++6", "python3")
"""With the C++ and OpenMP libraries that NumPy, tokenizers and the CUDA wheels load."""


def debian(suite: str, packages: tuple[str, ...] = PYTHON) -> Image:
    """Return the image of a Debian suite."""
    return Image(layers=(Debian(suite, packages),), labels=(("org.repro.lab.suite", suite),))


def extend(
    image: Image, *layers: Layer | Raw, env: tuple[str, ...] = (), command: tuple[str, ...] = ()
) -> Image:
    """Return an image with more layers on top, as a FROM line would."""
    return dataclasses.replace(
        image,
        layers=(*image.layers, *layers),
        env=(*image.env, *env),
        command=command or image.command,
    )


def tokenizer(template: str) -> Files:
    """Return the demo's model folder with one of its chat templates."""
    return Files(
        (
            ("/models/demo/tokenizer.json", Copy.of(DATA / "tokenizer.json")),
            ("/models/demo/tokenizer_config.json", Copy.of(DATA / f"tokenizer_config.{template}")),
        )
    )


BUSYBOX_APPLETS: Final = ("cat", "echo", "env", "head", "ls", "printf", "sh", "sleep", "tr", "yes")

BUSYBOX: Final = Image(
    layers=(
        Debian("bookworm", ("base-files", "busybox-static")),
        Files(tuple((f"/usr/bin/{name}", Link("busybox")) for name in BUSYBOX_APPLETS)),
    )
)

SCRATCH: Final = Image(
    layers=(Program("bookworm", "busybox-static", "usr/bin/busybox", "sleep"),),
    command=("/sleep", "1000000"),
)
"""Busybox does what its file name says, so under this one it is no shell."""

STANDARD_V1: Final = (
    *("filelock==3.16.1", "fsspec==2024.9.0", "huggingface-hub==0.26.2", "packaging==24.1"),
    *("pyyaml==6.0.2", "requests==2.32.3", "tqdm==4.66.5", "typing-extensions==4.12.2"),
)
STANDARD_V2: Final = (
    *("filelock==3.16.1", "fsspec==2024.12.0", "huggingface-hub==0.27.0", "packaging==24.2"),
    *("pyyaml==6.0.2", "requests==2.32.3", "tqdm==4.67.1", "typing-extensions==4.12.2"),
)

ML_V1: Final = extend(
    debian("bookworm"),
    Wheels(
        requirements=(
            *("numpy==1.26.4", "tokenizers==0.20.3", "nvidia-cuda-runtime-cu12==12.4.127"),
            *STANDARD_V1,
        )
    ),
    tokenizer("v1.json"),
    env=("CUDA_VERSION=12.4.1", "TOKENIZERS_PARALLELISM=false"),
)
ML_V2: Final = extend(
    debian("bookworm"),
    Wheels(
        requirements=(
            *("numpy==2.1.3", "tokenizers==0.21.2", "nvidia-cuda-runtime-cu12==12.8.90"),
            *STANDARD_V2,
        )
    ),
    tokenizer("v2.json"),
    env=("CUDA_VERSION=12.8.1", "TOKENIZERS_PARALLELISM=false"),
)

CUDNN_OLD: Final = Wheels(requirements=("nvidia-cudnn-cu12==9.1.0.70",))
CUDNN_NEW: Final = Wheels(requirements=("nvidia-cudnn-cu12==9.10.2.21",))
NCCL: Final = Wheels(requirements=("nvidia-nccl-cu12==2.21.5",))
RUNTIME: Final = Wheels(requirements=("nvidia-cuda-runtime-cu12==12.4.127",))
CUBLAS_OLD: Final = Wheels(requirements=("nvidia-cublas-cu12==12.4.5.8",))
CUBLAS_NEW: Final = Wheels(requirements=("nvidia-cublas-cu12==12.8.4.1",))

SECOND_SITE: Final = "/opt/vendor/lib/python3.11/site-packages"

VENV: Final = "/opt/venv"
VENV_FILES: Final = Files(
    (
        (
            f"{VENV}/pyvenv.cfg",
            Text(
                "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n"
                f"executable = /usr/bin/python3.11\ncommand = /usr/bin/python3 -m venv {VENV}\n"
            ),
        ),
        (f"{VENV}/bin/python", Link("python3")),
        (f"{VENV}/bin/python3", Link("/usr/bin/python3")),
        (f"{VENV}/bin/python3.11", Link("python3")),
        (f"{VENV}/lib64", Link("lib")),
    )
)
VENV_WHEELS: Final = Wheels(
    requirements=("numpy==2.1.3", "tqdm==4.67.1"),
    site=f"{VENV}/lib/python3.11/site-packages",
    scripts=f"{VENV}/bin",
    interpreter=f"{VENV}/bin/python3",
)

TORCH: Final = Wheels(
    requirements=(
        *("torch==2.13.0+cpu", "numpy==2.1.3", "filelock==3.16.1", "fsspec==2024.12.0"),
        *("jinja2==3.1.6", "markupsafe==3.0.2", "mpmath==1.3.0", "networkx==3.4.2"),
        *("sympy==1.14.0", "typing-extensions==4.15.0"),
    )
)


CONDA: Final = "/opt/conda"
CONDA_LIBRARIES: Final = (
    *("libbz2-1.0", "libexpat1", "libffi8", "libgomp1", "liblzma5", "libsqlite3-0", "libssl3"),
    *("libstdc++6", "libuuid1", "zlib1g"),
)
"""What Debian's Python needs: a conda channel would bring its own."""


def cpp_cuda(version: str, cudart: str, nvrtc: str, model: bytes) -> Image:
    """Return an image of a C++ server with CUDA and a model, and no Python.

    Busybox stands for the server: it is static, and under this name it does nothing.
    """
    base = Debian("bookworm", (*SYSTEM, "libgomp1", "libstdc++6"))
    parts = (
        Part(f"nvidia-cuda-runtime-cu12=={cudart}", "cuda-cudart", "CUDA Runtime (cudart)"),
        Part(f"nvidia-cuda-nvrtc-cu12=={nvrtc}", "cuda-nvrtc", "CUDA NVRTC"),
    )
    nccl = Part("nvidia-nccl-cu12==2.21.5", "libnccl2", "NCCL")
    weights = {"embedding.weight": (4, 8), "output.weight": (8,)}
    draft = (
        ("/models/draft/config.json", Text('{"architectures": ["Demo"], "model_type": "demo"}\n')),
        ("/models/draft/model.safetensors", Data(safetensors(weights))),
    )
    return Image(
        layers=(
            base,
            Unpackaged(nccl),
            Toolkit(base=base, version=version, parts=parts),
            Program("bookworm", "busybox-static", "usr/bin/busybox", "app/llama-server"),
            Files((("/models/demo.gguf", Data(model)), *draft)),
        ),
        env=(
            f"CUDA_VERSION={version}",
            f"NV_CUDA_CUDART_VERSION={cudart}-1",
            "LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64",
        ),
        entrypoint=("/app/llama-server",),
        command=("--model", "/models/demo.gguf"),
    )


def standin_gpu(folder: Path) -> Image:
    """Return ml:v1 with the shared libraries of a folder where the driver's are injected."""
    place = f"/usr/lib/{MACHINE}-linux-gnu"
    libraries = sorted(folder.glob("*.so*"))
    entries = tuple((f"{place}/{path.name}", Copy.of(path, 0o755)) for path in libraries)
    return extend(ML_V1, Files(entries))


def hostile(script: str) -> Image:
    """Return an image whose `python3` is a shell script."""
    program = Text(f"#!/bin/sh\n{script}\n", mode=0o755)
    return extend(BUSYBOX, Files((("/usr/bin/python3", program),)))


HOSTILE: Final = {
    "garbage": "head -c 4096 /dev/urandom",
    "silent": "exit 0",
    "gigabyte": "yes 0123456789abcdef0123456789abcdef | head -c 1073741824",
    "endless": "exec yes",
    "hang": "exec sleep 1000000",
    "escapes": r"printf '\033[2J\033]0;owned\007\033[31m{\"schema\": \"\033[0m\"}\n'",
    "exit137": "exit 137",
    "traceback": "echo 'MemoryError' >&2; exit 1",
}


def _big() -> tuple[str, ...]:
    return tuple((DATA / "big.txt").read_text(encoding="utf-8").split())


RECIPES: Final[dict[str, Image]] = {
    "base:bullseye": debian("bullseye"),
    "base:bookworm": debian("bookworm"),
    "base:trixie": debian("trixie"),
    "base:sid": debian("sid"),
    "nopython:1": debian("bookworm", (*SYSTEM, "libstdc++6")),
    "busybox:1": BUSYBOX,
    "scratch:1": SCRATCH,
    "ml:v1": ML_V1,
    "ml:v2": ML_V2,
    "two-cudnn:1": extend(
        debian("bookworm"),
        CUDNN_OLD,
        dataclasses.replace(CUDNN_NEW, site=SECOND_SITE),
        env=(f"PYTHONPATH={SECOND_SITE}",),
    ),
    "gpu-wheels:a": extend(debian("bookworm"), RUNTIME, NCCL, CUBLAS_OLD, CUDNN_OLD),
    "gpu-wheels:b": extend(debian("bookworm"), RUNTIME, NCCL, CUBLAS_NEW, CUDNN_NEW),
    "venv:1": extend(
        debian("bookworm"),
        Wheels(requirements=("numpy==1.26.4",)),
        VENV_FILES,
        VENV_WHEELS,
        env=(f"VIRTUAL_ENV={VENV}", f"PATH={VENV}/bin:/usr/local/bin:/usr/bin:/bin"),
        command=(f"{VENV}/bin/tqdm",),
    ),
    "conda:1": extend(
        debian("bookworm", (*SYSTEM, *CONDA_LIBRARIES)),
        Conda(suite="bookworm", requirements=("numpy==2.1.3", "tqdm==4.67.1"), prefix=CONDA),
        env=(f"CONDA_PREFIX={CONDA}", f"PATH={CONDA}/bin:/usr/local/bin:/usr/bin:/bin"),
    ),
    "cpp-cuda:1": cpp_cuda("12.4.1", "12.4.127", "12.4.127", gguf("v1")),
    "cpp-cuda:2": cpp_cuda("12.8.1", "12.8.90", "12.8.93", gguf("v2", added=("<|tool|>",))),
    "distroless:1": Image(
        layers=(
            Distroless("bookworm", ("base-files", "libc6", "libgcc-s1", "netbase")),
            Program("bookworm", "busybox-static", "usr/bin/busybox", "app/server"),
        ),
        entrypoint=("/app/server",),
        command=(),
    ),
    "layers:1": Image(layers=(Debian("bookworm", SYSTEM), *LAYERS)),
    "big:1": extend(debian("bookworm"), Wheels(requirements=_big())),
    "torch:cpu": extend(debian("bookworm"), TORCH),
    **{f"hostile:{name}": hostile(script) for name, script in HOSTILE.items()},
}
"""By name without the prefix."""
