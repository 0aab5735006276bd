"""Which file is which CUDA library, and what would tell its version."""

import collections
import re

Library = collections.namedtuple(  # noqa: PYI024 - typing is slow to import.
    "Library", "name owners header macros"
)
"""Canonical name; prefixes of the packages whose version is the library's own; the header that
states its version, and the macros in it."""

PARTS = ("MAJOR", "MINOR", "PATCH", "BUILD")


def _library(name, owners="", header=None, macros="", parts=PARTS):
    return Library(name, tuple(owners.split()), header, tuple(macros + part for part in parts))


_CUDNN = ("nvidia-cudnn libcudnn", "cudnn_version.h", "CUDNN_", ("MAJOR", "MINOR", "PATCHLEVEL"))
_NVRTC = "nvidia-cuda-nvrtc cuda-nvrtc libnvrtc"
_TENSORRT = ("tensorrt libnvinfer", "NvInferVersion.h", "NV_TENSORRT_", PARTS[:3])
LIBRARIES = {
    "cudart": _library("cudart", "nvidia-cuda-runtime cuda-cudart libcudart"),
    "cublas": _library("cublas", "nvidia-cublas libcublas", "cublas_api.h", "CUBLAS_VER_"),
    "cublasLt": _library("cublaslt", "nvidia-cublas libcublas", "cublas_api.h", "CUBLAS_VER_"),
    "cudnn": _library("cudnn", *_CUDNN),
    "nccl": _library("nccl", "nvidia-nccl libnccl", "nccl.h", "NCCL_", PARTS[:3]),
    "cufft": _library("cufft", "nvidia-cufft libcufft", "cufft.h", "CUFFT_VER_"),
    "curand": _library("curand", "nvidia-curand libcurand", "curand.h", "CURAND_VER_"),
    "cusolver": _library(
        "cusolver", "nvidia-cusolver libcusolver", "cusolver_common.h", "CUSOLVER_VER_"
    ),
    "cusparse": _library("cusparse", "nvidia-cusparse libcusparse", "cusparse.h", "CUSPARSE_VER_"),
    "cusparseLt": _library(
        "cusparselt", "nvidia-cusparselt libcusparselt", "cusparseLt.h", "CUSPARSELT_VER_"
    ),
    "nvrtc": _library("nvrtc", _NVRTC),
    "nvrtc-builtins": _library("nvrtc_builtins", _NVRTC),
    "nvJitLink": _library("nvjitlink", "nvidia-nvjitlink libnvjitlink"),
    "nvjpeg": _library("nvjpeg", "nvidia-nvjpeg libnvjpeg", "nvjpeg.h", "NVJPEG_VER_"),
    "nvshmem_host": _library("nvshmem", "nvidia-nvshmem libnvshmem"),
    "nvinfer": _library("tensorrt", *_TENSORRT),
    "nvinfer_plugin": _library("tensorrt_plugin", *_TENSORRT),
}
"""By the file name between `lib` and `.so`. Names of wheels: PyPI; of Debian packages: NVIDIA's
CUDA repository and Debian; of macros: the header named in the row."""

COMPAT = _library("cuda_compat", "cuda-compat")
"""The driver's user half in its forward-compatibility package. Only in a `compat` directory is it
a part of the image: elsewhere the engine has put the host's there."""

FILE = re.compile(r"lib([A-Za-z]\w*(?:-builtins)?)(?:-[0-9a-f]{6,16})?\.so((?:\.\d+)*)$")
"""A library, also under the name with a hash that repaired wheels give it (auditwheel)."""


def identify(name):
    """The library that a file name tells, with the version digits in it; (None, "") for others."""
    match = FILE.match(name)
    if not match:
        return None, ""
    stem, digits = match.group(1), match.group(2)[1:]
    if stem.startswith("cudnn_"):
        return _library(stem, *_CUDNN), digits
    if stem == "cuda":
        return COMPAT, digits
    return LIBRARIES.get(stem), digits
