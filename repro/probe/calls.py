"""Asks each CUDA library for its version by calling it, in children, since cuDNN may abort."""

import json
import posixpath
import sys
import time

from . import child, cuda
from .facts import PROCESS, absent, component, unreadable

KIND = "cuda.library.call"

CODE = r"""
import json
try:
    import ctypes
except ImportError as error:
    say(["ctypes", str(error)])
    sys.exit(0)

def load(path, near, tries=6):
    # A dependency in another wheel's folder is found by its name once it is loaded.
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        missing = str(error).split(":")[0]
        if not tries or near.get(missing, path) == path:
            raise
    load(near[missing], near, tries - 1)
    return load(path, near, tries - 1)

def into(function, count, *first):
    values = [ctypes.c_int(-1) for _ in range(count)]
    status = function(*(first + tuple(ctypes.byref(value) for value in values)))
    if status:
        raise ValueError("%s returned %d" % (function.__name__, status))
    return [value.value for value in values]

def size(function):
    function.restype = ctypes.c_size_t
    return function()

def void(function):
    function.restype = None
    return into(function, 3)

FORMS = {
    "void": void,
    "size": size,
    "int": lambda function: function(),
    "out": lambda function: into(function, 1)[0],
    "handle": lambda function: into(function, 1, None)[0],
    "pair": lambda function: into(function, 2),
    "parts": lambda function: [into(function, 1, part)[0] for part in range(3)],
}

near = json.loads(sys.argv[2])
for index, (path, questions) in enumerate(json.loads(sys.argv[1])):
    say(["begin", index])
    try:
        library = load(path, near)
        for number, (symbol, form) in enumerate(questions):
            function = getattr(library, symbol, None)
            if function is not None:
                say(["answer", index, number, FORMS[form](function)])
        say(["end", index, None])
    except (OSError, ValueError) as error:
        say(["end", index, str(error)])
"""


def _cuda(value):
    """1000 major + 10 minor: CUDART_VERSION in cuda_runtime_api.h."""
    return "%d.%d" % (value // 1000, value % 1000 // 10)


def _narrow(value):
    """1000 major + 100 minor + patch: CUFFT_VERSION in cufft.h and its like."""
    return "%d.%d.%d" % (value // 1000, value % 1000 // 100, value % 100)


def _wide(value):
    """10000 major + 100 minor + patch: CUBLAS_VERSION in cublas_api.h (11.11, 12.4)."""
    return "%d.%d.%d" % (value // 10000, value % 10000 // 100, value % 100)


def _grown(value):
    """Narrow until cuDNN 8, NCCL 2.8 and TensorRT 9, wide since; each stayed under 10000 before."""
    return _narrow(value) if value < 10000 else _wide(value)


def _capability(value):
    """100 major + 10 minor: cudnnGetMaxDeviceVersion in cudnn_graph.h."""
    return "%d.%d" % (value // 100, value % 100 // 10)


def _joined(values):
    return ".".join(str(value) for value in values)


CALLS = {
    "cudart": (("version", "cudaRuntimeGetVersion", "out", _cuda),),
    "cublas": (
        ("version", "cublasGetProperty", "parts", _joined),
        ("version", "cublasGetVersion_v2", "handle", _wide),
        ("cudart", "cublasGetCudartVersion", "size", _cuda),
    ),
    "cublaslt": (
        ("version", "cublasLtGetProperty", "parts", _joined),
        ("version", "cublasLtGetVersion", "size", _wide),
        ("cudart", "cublasLtGetCudartVersion", "size", _cuda),
    ),
    "cudnn": (
        ("version", "cudnnGetVersion", "size", _grown),
        ("cudart", "cudnnGetCudartVersion", "size", _cuda),
        ("max_capability", "cudnnGetMaxDeviceVersion", "size", _capability),
    ),
    "nccl": (("version", "ncclGetVersion", "out", _grown),),
    "cufft": (
        ("version", "cufftGetProperty", "parts", _joined),
        ("version", "cufftGetVersion", "out", _narrow),
    ),
    "curand": (
        ("version", "curandGetProperty", "parts", _joined),
        ("version", "curandGetVersion", "out", _narrow),
    ),
    "cusolver": (
        ("version", "cusolverGetProperty", "parts", _joined),
        ("version", "cusolverGetVersion", "out", _narrow),
    ),
    "cusparse": (("version", "cusparseGetProperty", "parts", _joined),),
    "cusparselt": (("version", "cusparseLtGetProperty", "parts", _joined),),
    "nvjpeg": (("version", "nvjpegGetProperty", "parts", _joined),),
    "nvrtc": (("version", "nvrtcVersion", "pair", _joined),),
    "nvjitlink": (("version", "nvJitLinkVersion", "pair", _joined),),
    "nvshmem": (("version", "nvshmemx_vendor_get_version_info", "void", _joined),),
    "tensorrt": (("version", "getInferLibVersion", "int", _grown),),
}
"""By canonical name: property, function, form of the call, decoding; the first answer counts.
The properties come first: they are plain numbers, whatever the encoding of the release."""


def collect(files, context):
    """Yield the version that each library answers with, or why it did not."""
    known, _ = cuda.libraries(files, context)
    asked = [fact for fact in known if fact["name"] in CALLS]
    if not asked:
        yield absent(PROCESS, KIND, "*", "no CUDA library that tells its version")
    end = time.time() + max(5, context.timeout // 4)
    for root, group in _groups(asked, context.sites):
        near = _near(known, root, context.sites)
        for fact in _ask(group, near, context.environ, end):
            yield fact


def _root(fact, sites):
    """What belongs together: a site directory, else the folder of the library."""
    path = fact["location"]
    inside = [site for site in sites if path.startswith(site.rstrip("/") + "/")]
    return max(inside, key=len) if inside else posixpath.dirname(path)


def _groups(facts, sites):
    """Yield (root, libraries for one process): no root mixed with another, no name there twice."""
    groups = {}
    for fact in facts:
        root, turn = _root(fact, sites), 0
        while fact["name"] in groups.setdefault((root, turn), {}):
            turn += 1
        groups[root, turn][fact["name"]] = fact
    for root, turn in sorted(groups):
        yield root, list(groups[root, turn].values())


def _near(known, root, sites):
    """Paths by the names that the loader asks for; those of the same root win."""
    near = {}
    for fact in sorted(known, key=lambda fact: _root(fact, sites) == root):
        told = fact.get("properties", {})
        names = [posixpath.basename(fact["location"]), told.get("soname"), *told.get("links", [])]
        near.update((name, fact["location"]) for name in names if name)
    return near


def _ask(group, near, environ, end):
    """One child after another until each library has answered, or has ended its child."""
    left = list(group)
    while left:
        seconds = int(end - time.time())
        if seconds < 1:
            for fact in left:
                yield _failed(fact, "no time left to call it")
            return
        asked = [[fact["location"], [call[1:3] for call in CALLS[fact["name"]]]] for fact in left]
        arguments = [json.dumps(asked), json.dumps(near)]
        python = sys.executable or "python3"
        values, reason = child.run(python, CODE, arguments, seconds, environ, isolated=True)
        facts = _facts(left, values, reason or "the child ended early")
        for fact in facts:
            yield fact
        left = left[len(facts) :]


def _facts(group, values, reason):
    """Facts for the libraries that a child got to; at least one."""
    begun = [value[1] for value in values if value[0] == "begin"]
    ended = {value[1]: value[2] for value in values if value[0] == "end"}
    if not begun:
        why = [value[1] for value in values if value[0] == "ctypes"]
        text = "this Python has no ctypes: %s" % why[0] if why else reason
        return [_failed(fact, text) for fact in group]
    facts = []
    for index in begun:
        answers = [value[2:] for value in values if value[:2] == ["answer", index]]
        error = ended.get(index, reason)
        facts.append(_fact(group[index], answers, error))
    return facts


def _fact(fact, answers, error):
    told = {}
    for number, value in answers:
        key, _, _, decode = CALLS[fact["name"]][number]
        told.setdefault(key, decode(value))
    if "version" not in told:
        names = ", ".join(call[1] for call in CALLS[fact["name"]] if call[0] == "version")
        return _failed(fact, error or "it has no %s" % names)
    version = told.pop("version")
    return component(PROCESS, KIND, fact["name"], "call", version, fact["location"], **told)


def _failed(fact, reason):
    return unreadable(PROCESS, KIND, fact["name"], "%s: %s" % (fact["location"], reason))
