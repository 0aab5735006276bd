"""Which file is which CUDA library, and what would tell its version."""

import collections
import re

Library = collections.namedtuple(  # noqa: PYI024 - typing is slow to import.
    "Library", "name owners header macros text"
)
"""Canonical name; prefixes of the packages whose version is the library's own; the header that
states its version, and the macros in it; the text inside, whose groups are the version's parts."""

_N = rb"(\d{1,5})"
_COMPILER = re.compile(
    rb"Cuda compilation tools, release \d{1,3}\.\d{1,3}, V%s\.%s\.%s" % (_N, _N, _N)
)
TEXTS = {
    "cudnn_graph": re.compile(rb"cudnn_version_%s_%s_%s_%s_" % (_N, _N, _N, _N)),
    "cudnn_ops_infer": re.compile(rb"cudnn_version_%s_%s_%s_%s_" % (_N, _N, _N, _N)),
    "nccl": re.compile(rb"NCCL version %s\.%s\.%s" % (_N, _N, _N)),
    "nvJitLink": _COMPILER,
    "nvrtc": _COMPILER,
    "nvshmem_host": re.compile(rb"NVSHMEM v%s\.%s\.%s" % (_N, _N, _N)),
}
"""What libraries say inside, by stem. Each was found in the wheels of these versions, once a file,
and is that wheel's version: cudnn_graph 9.1.0.70, cudnn_ops_infer 8.9.2.26, NCCL 2.19.3 and 2.21.5,
nvJitLink 12.4.127 and 12.8.93, NVRTC 12.1.105 and 12.4.127, NVSHMEM 3.2.5 and 3.8.0. There is none
in cudart 12.4.127, cuBLAS 12.4.5.8, cuFFT 11.2.1.3, cuRAND 10.3.5.147, cuSOLVER 11.6.1.9, cuSPARSE
12.3.1.170, cuSPARSELt 0.6.2, nvJPEG 12.3.1.117 and the other libraries of cuDNN."""

PARTS = ("MAJOR", "MINOR", "PATCH", "BUILD")


def _library(name, owners="", header=None, macros="", parts=PARTS):
    macros = tuple(macros + part for part in parts)
    return Library(name, tuple(owners.split()), header, macros, None)


_CUDNN = (
    "nvidia-cudnn libcudnn cudnn",
    "cudnn_version.h",
    "CUDNN_",
    ("MAJOR", "MINOR", "PATCHLEVEL"),
)
_NVRTC = "nvidia-cuda-nvrtc cuda-nvrtc libnvrtc"
_TENSORRT = ("tensorrt libnvinfer", "NvInferVersion.h", "NV_TENSORRT_", PARTS[:3])
LIBRARIES = {
    "cudart": _library("cudart", "nvidia-cuda-runtime cuda-cudart libcudart"),
    "cublas": _library("cublas", "nvidia-cublas libcublas", "cublas_api.h", "CUBLAS_VER_"),
    "cublasLt": _library("cublaslt", "nvidia-cublas libcublas", "cublas_api.h", "CUBLAS_VER_"),
    "cudnn": _library("cudnn", *_CUDNN),
    "nccl": _library("nccl", "nvidia-nccl libnccl nccl", "nccl.h", "NCCL_", PARTS[:3]),
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
    if stem == "cuda":
        return COMPAT, digits
    library = _library(stem, *_CUDNN) if stem.startswith("cudnn_") else LIBRARIES.get(stem)
    return library and library._replace(text=TEXTS.get(stem)), digits
