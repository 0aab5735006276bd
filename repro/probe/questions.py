"""What each framework is asked, as code for a child that has `say`; no answer, no property."""

COMMON = """
def tell(mapping, **questions):
    for name, question in questions.items():
        try:
            value = question()
        except Exception:
            continue
        if isinstance(value, float):
            value = repr(value)
        if value is not None:
            mapping[name] = value if isinstance(value, (bool, int, str, list)) else str(value)
    return mapping

def maps():
    with open("/proc/self/maps") as stream:
        say(["maps", "".join(line for line in stream if ".so" in line)])
"""

TORCH = (
    COMMON
    + """
import torch
b = torch.backends
say(["about", tell({}, version=lambda: torch.__version__, cuda=lambda: torch.version.cuda,
    hip=lambda: torch.version.hip, git=lambda: torch.version.git_version,
    cudnn=lambda: b.cudnn.version(), nccl=lambda: ".".join(map(str, torch.cuda.nccl.version())),
    cusparselt=lambda: b.cusparselt.version(), cuda_available=lambda: torch.cuda.is_available(),
    arch_list=lambda: torch.cuda.get_arch_list(),
    cpu_capability=lambda: b.cpu.get_cpu_capability(),
    mkl=lambda: b.mkl.is_available(), mkldnn=lambda: b.mkldnn.is_available(),
    openmp=lambda: b.openmp.is_available(),
    threads=lambda: torch.get_num_threads(), interop_threads=lambda: torch.get_num_interop_threads(),
    debug=lambda: bool(torch.version.debug),
    build=lambda: [line.strip(" -") for line in torch.__config__.show().splitlines()
                   if line.strip().startswith("- ") and "Build settings" not in line])])
s = {}
tell(s, float32_matmul_precision=lambda: torch.get_float32_matmul_precision(),
    deterministic_algorithms=lambda: torch.are_deterministic_algorithms_enabled(),
    default_dtype=lambda: str(torch.get_default_dtype()),
    preferred_blas=lambda: str(b.cuda.preferred_blas_library()),
    preferred_linalg=lambda: str(b.cuda.preferred_linalg_library()),
    flush_denormal=lambda: bool(float(torch.tensor([1e-40]) * 1) == 0))
for path in ("cuda.matmul.allow_tf32", "cuda.matmul.allow_fp16_reduced_precision_reduction",
             "cuda.matmul.allow_bf16_reduced_precision_reduction", "cuda.matmul.allow_fp16_accumulation",
             "cuda.matmul.fp32_precision", "cudnn.allow_tf32", "cudnn.benchmark", "cudnn.deterministic",
             "cudnn.enabled", "cudnn.conv.fp32_precision", "mkldnn.matmul.fp32_precision"):
    def get(parts=path.split(".")):
        value = b
        for part in parts:
            value = getattr(value, part)
        return value
    tell(s, **{"backends." + path: get})
for name in ("flash", "mem_efficient", "math", "cudnn"):
    tell(s, **{"sdp." + name: getattr(b.cuda, name + "_sdp_enabled", None) or (lambda: None)})
say(["settings", s])
maps()
"""
)

JAX = (
    COMMON
    + """
import jax, jaxlib
say(["about", tell({}, version=lambda: jax.__version__, jaxlib=lambda: jaxlib.version.__version__,
    backend=lambda: jax.default_backend(),
    devices=lambda: [d.device_kind for d in jax.devices()])])
c = jax.config
say(["settings", tell({}, default_matmul_precision=lambda: c.jax_default_matmul_precision or "default",
    enable_x64=lambda: c.jax_enable_x64, threefry_partitionable=lambda: c.jax_threefry_partitionable,
    default_prng_impl=lambda: c.jax_default_prng_impl, disable_jit=lambda: c.jax_disable_jit)])
maps()
"""
)

TENSORFLOW = (
    COMMON
    + """
import tensorflow as tf
info = dict(tf.sysconfig.get_build_info())
say(["about", tell({}, version=lambda: tf.__version__, git=lambda: tf.version.GIT_VERSION,
    compiler=lambda: tf.version.COMPILER_VERSION, cuda=lambda: info.get("cuda_version"),
    cudnn=lambda: info.get("cudnn_version"), arch_list=lambda: info.get("cuda_compute_capabilities"),
    cuda_available=lambda: bool(tf.config.list_physical_devices("GPU")))])
say(["settings", tell({}, tf32=lambda: tf.config.experimental.tensor_float_32_execution_enabled(),
    deterministic_ops=lambda: tf.config.experimental.is_op_determinism_enabled(),
    jit=lambda: str(tf.config.optimizer.get_jit()))])
maps()
"""
)

ONNXRUNTIME = (
    COMMON
    + """
import onnxruntime as ort
say(["about", tell({}, version=lambda: ort.__version__,
    build=lambda: ort.get_build_info(), device=lambda: ort.get_device(),
    providers=lambda: ort.get_available_providers(), cuda=lambda: getattr(ort, "cuda_version", None) or None,
    cudnn=lambda: getattr(ort, "cudnn_version", None) or None)])
maps()
"""
)

NUMPY = (
    COMMON
    + """
import numpy
try:
    from numpy._core._multiarray_umath import __cpu_features__ as features
except ImportError:
    from numpy.core._multiarray_umath import __cpu_features__ as features
import ctypes
def blas():
    found = []
    with open("/proc/self/maps") as stream:
        paths = sorted({line.split(None, 5)[5].strip() for line in stream if "openblas" in line})
    for path in paths:
        library = ctypes.CDLL(path)
        for prefix, suffix in (("scipy_", "64_"), ("", "64_"), ("scipy_", ""), ("", "")):
            try:
                ask = getattr(library, prefix + "openblas_get_config" + suffix)
            except AttributeError:
                continue
            ask.restype = ctypes.c_char_p
            found.append(ask().decode("ascii", "replace").strip())
            break
    return found or None
say(["about", tell({}, version=lambda: numpy.__version__, blas=blas,
    simd=lambda: sorted(name for name, there in features.items() if there))])
maps()
"""
)

QUESTIONS = {
    "torch": TORCH,
    "jax": JAX,
    "tensorflow": TENSORFLOW,
    "onnxruntime": ONNXRUNTIME,
    "numpy": NUMPY,
}
