"""How NVML and libcuda are asked: the child's code, and their error numbers in words."""

NOT_SUPPORTED, FUNCTION_NOT_FOUND = 3, 13
NVML_ERRORS = {
    1: "NVML is not initialized",
    2: "invalid argument",
    3: "not supported",
    4: "no permission",
    6: "not found",
    7: "buffer too small",
    8: "a power cable is not attached",
    9: "the driver is not loaded",
    10: "time-out",
    11: "an interrupt problem of the GPU",
    12: "NVML found no shared library of the driver",
    13: "the driver lacks this function",
    14: "the GPU's information ROM is corrupt",
    15: "the GPU has fallen off the bus",
    16: "the GPU needs a reset",
    17: "the operating system blocks the GPU",
    18: "the library and the loaded kernel module are of different driver versions",
    19: "the GPU is in use",
    20: "out of memory",
    21: "no data",
    23: "out of resources",
    25: "the version of an argument is not known",
    26: "deprecated",
    27: "the system is not ready",
    28: "no GPU",
    29: "the GPU is in the wrong state",
    999: "an internal error of the driver",
}
"""nvmlReturn_t in nvml.h (CUDA toolkit 13)."""

CUDA_ERRORS = {
    2: "out of memory",
    3: "libcuda is not initialized",
    34: "a stub library was loaded instead of the driver's",
    46: "the device is not available",
    100: "no device",
    101: "no such device",
    102: "the device is not licensed",
    304: "the operating system refused",
    800: "not permitted",
    802: "the system is not ready, for example without its fabric manager",
    803: "the library and the kernel's driver do not fit",
    804: "forward compatibility is not supported on this device",
    999: "an unknown error",
}
"""CUresult in cuda.h (CUDA toolkit 13)."""

CODE = r"""
import ctypes
uint, ref = ctypes.c_uint, ctypes.byref

def open_library(stage, name):
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        say([stage, "load", str(error)])

def call(library, name, *arguments):
    function = getattr(library, name, None)
    return 13 if function is None else function(*arguments)

def texts(library, name, *first):
    buffer = ctypes.create_string_buffer(96)
    code = call(library, name, *(first + (buffer, uint(96))))
    return [code, buffer.value.decode("utf-8", "replace")]

def numbers(library, name, count, *first):
    values = [uint(0) for _ in range(count)]
    code = call(library, name, *(first + tuple(ref(value) for value in values)))
    return code, [value.value for value in values]

def mapped(pair, change):
    return [pair[0], None if pair[0] else change(pair[1])]

def release(values):
    return "%d.%d" % (values[0] // 1000, values[0] % 1000 // 10)

def dotted(values):
    return "%d.%d" % tuple(values)

class Memory(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]

class Attributes(ctypes.Structure):
    _fields_ = [("sm_count", uint), ("shared", uint * 5), ("slices", uint * 2),
                ("memory_mib", ctypes.c_ulonglong)]

class Branch(ctypes.Structure):
    _fields_ = [("version", uint), ("branch", ctypes.c_char * 80)]

def branch(lib):
    # The version of a structure: its size, with the number of the layout in the top byte.
    value = Branch(ctypes.sizeof(Branch) | 1 << 24)
    return [call(lib, "nvmlSystemGetDriverBranch", ref(value), uint(80)),
            value.branch.decode("utf-8", "replace")]

def instances(lib, handle):
    code, count = numbers(lib, "nvmlDeviceGetMaxMigDeviceCount", 1, handle)
    for index in range(0 if code else count[0]):
        one, found = ctypes.c_void_p(), Attributes()
        if call(lib, "nvmlDeviceGetMigDeviceHandleByIndex", handle, uint(index), ref(one)):
            continue
        code = call(lib, "nvmlDeviceGetAttributes_v2", one, ref(found))
        yield {"product": texts(lib, "nvmlDeviceGetName", one),
               "sm_count": [code, found.sm_count], "memory_mib": [code, found.memory_mib]}

def device(lib, index):
    handle, memory, pci = ctypes.c_void_p(), Memory(), ctypes.create_string_buffer(256)
    code = call(lib, "nvmlDeviceGetHandleByIndex_v2", uint(index), ref(handle))
    if code:
        return {"error": code}
    switch = lambda values: "on" if values[0] else "off"
    told = {
        "product": texts(lib, "nvmlDeviceGetName", handle),
        "compute_capability": mapped(
            numbers(lib, "nvmlDeviceGetCudaComputeCapability", 2, handle), dotted),
        "memory_mib": [call(lib, "nvmlDeviceGetMemoryInfo", handle, ref(memory)),
                       memory.total >> 20],
        "mig": mapped(numbers(lib, "nvmlDeviceGetMigMode", 2, handle), switch),
        "mig_device": mapped(numbers(lib, "nvmlDeviceIsMigDeviceHandle", 1, handle),
                             lambda values: bool(values[0])),
        "ecc": mapped(numbers(lib, "nvmlDeviceGetEccMode", 2, handle), switch),
        "vbios": texts(lib, "nvmlDeviceGetVbiosVersion", handle),
        "gsp": texts(lib, "nvmlDeviceGetGspFirmwareVersion", handle),
    }
    if told["mig"][1] == "on":
        told["instances"] = list(instances(lib, handle))
    if call(lib, "nvmlDeviceGetPciInfo_v3", handle, pci) == 0:
        told["bus"] = pci.raw[:16].split(b"\0")[0].decode("ascii", "replace").lower()
    return told

def nvml():
    lib = open_library("nvml", "libnvidia-ml.so.1")
    if lib is None:
        return
    code = call(lib, "nvmlInit_v2")
    say(["nvml", "init", code])
    if code:
        return
    say(["nvml", "driver", texts(lib, "nvmlSystemGetDriverVersion")])
    say(["nvml", "nvml", texts(lib, "nvmlSystemGetNVMLVersion")])
    cuda = numbers(lib, "nvmlSystemGetCudaDriverVersion_v2", 1)
    if cuda[0] == 13:
        cuda = numbers(lib, "nvmlSystemGetCudaDriverVersion", 1)
    say(["nvml", "cuda", mapped(cuda, release)])
    say(["nvml", "branch", branch(lib)])
    code, count = numbers(lib, "nvmlDeviceGetCount_v2", 1)
    say(["nvml", "count", [code, count[0]]])
    for index in range(0 if code else count[0]):
        say(["nvml", "device", device(lib, index)])
    call(lib, "nvmlShutdown")

def cuda():
    lib = open_library("cuda", "libcuda.so.1")
    if lib is None:
        return
    with open("/proc/self/maps") as maps:
        paths = [line.split(None, 5)[5].strip() for line in maps if "/libcuda.so" in line]
    say(["cuda", "path", paths[0] if paths else None])
    code, values = numbers(lib, "cuDriverGetVersion", 1)
    say(["cuda", "version", None if code else release(values)])
    code = call(lib, "cuInit", uint(0))
    say(["cuda", "init", code])
    count = numbers(lib, "cuDeviceGetCount", 1)[1][0] if code == 0 else 0
    for index in range(count):
        one, bus = ctypes.c_int(), ctypes.create_string_buffer(32)
        if call(lib, "cuDeviceGet", ref(one), index):
            continue
        sm, threads, major, minor = (attribute(lib, number, one) for number in (16, 39, 75, 76))
        call(lib, "cuDeviceGetPCIBusId", bus, 32, one)
        say(["cuda", "device", {
            "bus": bus.value.decode("ascii", "replace").lower(), "sm_count": sm,
            "threads_per_sm": threads, "compute_capability": dotted((major, minor))}])

def attribute(lib, number, one):
    # CUdevice_attribute in cuda.h: 16 SMs, 39 threads of one, 75 and 76 the capability.
    value = ctypes.c_int()
    call(lib, "cuDeviceGetAttribute", ref(value), number, one)
    return value.value

for stage in sys.argv[1:]:
    {"nvml": nvml, "cuda": cuda}[stage]()
    say([stage, "done", True])
"""
