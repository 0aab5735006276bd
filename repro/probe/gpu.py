"""Asks the driver which GPUs a target is given, and which driver it runs on."""

import posixpath
import re
import sys

from . import child, elf, ldcache
from .facts import HOST, PROCESS, absent, component, unreadable
from .files import Files
from .nvidia import CODE, CUDA_ERRORS, FUNCTION_NOT_FOUND, NOT_SUPPORTED, NVML_ERRORS

DRIVER, DEVICE, LIBCUDA = "gpu.driver", "gpu.device", "gpu.libcuda"
SECONDS = 30
"""For both libraries; cuInit takes about a second on a machine with eight GPUs."""
MODULE = "/proc/driver/nvidia/version"
LINE = re.compile(r"NVRM version:.*?Kernel Module(?: for \S+)?\s+(\d+\.\d+(?:\.\d+)?)")
"""Both shapes: `... UNIX x86_64 Kernel Module  535.129.03 ...` of the proprietary module and
`... UNIX Open Kernel Module for x86_64  580.173.02 ...` of the open one."""
NODE = re.compile(r"(nvidia\d+|nvidiactl|dxg)$")
"""Device nodes; `dxg` is the one of the Windows Subsystem for Linux."""
COMPAT = re.compile(r"/cuda[^/]*/compat/")
NVML = ("libnvidia-ml.so.1", "utility")
CUDA = "libcuda.so.1"
CACHE = "/etc/ld.so.cache"
FOLDERS = (
    "/lib",
    "/usr/lib",
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/local/lib",
)
"""Where loaders look without being told: ld.so(8), Debian's multiarch folders, musl's ldso."""
LIBRARY = {DRIVER: NVML, DEVICE: NVML, LIBCUDA: (CUDA, "compute")}
"""What tells each kind, and the driver capability with which a container gets it."""


def collect(files, context):
    """Yield the driver, each device, and the libcuda that a process here gets."""
    nodes = [name for name in files.names("/dev") if NODE.match(name)]
    module = _module(files)
    quiet = not nodes and module[0] is None
    if quiet and not any(_loadable(name, context.environ) for name in (NVML[0], CUDA)):
        nvml, cuda = _Answers.none(NVML[0]), _Answers.none(CUDA)
    else:
        nvml, cuda = _ask(context.environ)
    for fact in _driver(nvml, module, nodes):
        yield fact
    for fact in _devices(nvml, cuda, nodes):
        yield fact
    yield _libcuda(files, cuda, nodes)


def _module(files):
    """Version and flavour of the kernel's module, or (None, None)."""
    try:
        text = files.text(MODULE, 1 << 16)
    except OSError:
        return None, None
    match = LINE.search(text)
    if not match:
        return None, None
    return match.group(1), "open" if "Open Kernel Module" in match.group(0) else "proprietary"


def _loadable(name, environ):
    """Whether the loader may find a library, in the live root; asking it costs a process."""
    files = Files()
    folders = [path for path in environ.get("LD_LIBRARY_PATH", "").split(":") if path]
    if any(files.exists(posixpath.join(folder, name)) for folder in folders + list(FOLDERS)):
        return True
    try:
        return any(found == name for found, _ in ldcache.entries(files.read(CACHE)))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


class _Answers:
    """What one of the two libraries said until it ended, and why it said no more."""

    def __init__(self, values, reason):
        self.values = {}
        self.devices = []
        for key, value in values:
            if key == "device":
                self.devices.append(value)
            else:
                self.values[key] = value
        self.reason = None if "done" in self.values else reason or "it ended early"

    @classmethod
    def none(cls, library):
        """As the loader answers where there is no such library."""
        return cls([("load", library + ": cannot open: No such file or directory")], None)

    def missing(self, library):
        """Whether the loader found no such file, in the words of glibc and musl."""
        said = self.values.get("load", "")
        return re.search(re.escape(library) + r": .*No such file", said) is not None

    def failure(self, errors, called):
        """Why it cannot be used, in words; None when it can."""
        if "load" in self.values:
            return self.values["load"]
        if "init" not in self.values:
            return "%s: %s" % (called, self.reason or "no answer")
        code = self.values["init"]
        return "%s: %s" % (called, _words(errors, code)) if code else None


def _words(errors, code):
    return "error %d: %s" % (code, errors.get(code, "unknown to this version"))


def _ask(environ):
    """Answers of NVML and of libcuda; a crash in the first does not cost the second."""
    environment = {key: environ[key] for key in environ if key != "CUDA_VISIBLE_DEVICES"}
    python, stages, answers = sys.executable or "python3", ["nvml", "cuda"], []
    while stages:
        values, reason = child.run(python, CODE, stages, SECONDS, environment, isolated=True)
        said = {stage: [value[1:] for value in values if value[0] == stage] for stage in stages}
        begun = [stage for stage in stages if said[stage]] or stages[:1]
        answers += [_Answers(said[stage], reason) for stage in begun]
        stages = stages[len(begun) :]
    return answers


def _driver(nvml, module, nodes):
    version, flavour = module
    failure = nvml.failure(NVML_ERRORS, "nvmlInit")
    code, told = nvml.values.get("driver", (None, None))
    if code == 0:
        known = {key: _value(nvml.values.get(key)) for key in ("branch", "cuda", "nvml")}
        properties = dict(known, kernel_module=version, flavour=flavour)
        yield component(HOST, DRIVER, "nvidia", "nvml", told, **properties)
    elif version:
        yield component(
            HOST,
            DRIVER,
            "nvidia",
            "proc",
            version,
            kernel_module=version,
            flavour=flavour,
            nvml=None if nvml.missing(NVML[0]) else failure,
        )
    else:
        yield _none(HOST, DRIVER, nvml, failure or nvml.reason or "NVML tells no version", nodes)


def _devices(nvml, cuda, nodes):
    failure = nvml.failure(NVML_ERRORS, "nvmlInit")
    if failure:
        yield _none(HOST, DEVICE, nvml, failure, nodes)
        return
    by_bus = {device.get("bus"): device for device in cuda.devices}
    for index, device in enumerate(nvml.devices):
        name = "gpu%d" % index
        if "error" in device:
            yield unreadable(HOST, DEVICE, name, "NVML " + _words(NVML_ERRORS, device["error"]))
            continue
        bus = device.pop("bus", None)
        yield component(HOST, DEVICE, name, "nvml", **_device(device, by_bus.get(bus, {})))
    count = nvml.values.get("count", [None, 0])
    if nvml.reason or count[0]:
        reason = "NVML " + _words(NVML_ERRORS, count[0]) if count[0] else nvml.reason
        yield unreadable(HOST, DEVICE, "*", reason)
    elif not nvml.devices:
        yield absent(HOST, DEVICE, "*", "NVML counts no device")


def _device(told, seen):
    """Properties of one device: NVML's, with what only libcuda knows."""
    instances = told.pop("instances", ())
    properties = {key: _value(pair) for key, pair in told.items()}
    for key, value in seen.items():
        if key != "bus" and properties.get(key) is None:
            properties[key] = value
    shown = [{key: _value(pair) for key, pair in sorted(each.items())} for each in instances]
    properties["mig_devices"] = shown or None
    return properties


def _value(pair):
    """A property from NVML's [code, value]; None where the driver is too old to know it."""
    code, value = pair or (FUNCTION_NOT_FOUND, None)
    if code == 0:
        return value
    if code == FUNCTION_NOT_FOUND:
        return None
    return "not supported" if code == NOT_SUPPORTED else _words(NVML_ERRORS, code)


def _libcuda(files, cuda, nodes):
    failure = cuda.failure(CUDA_ERRORS, "cuInit")
    version = cuda.values.get("version")
    if not version:
        return _none(PROCESS, LIBCUDA, cuda, failure or cuda.reason or "no version", nodes)
    path = cuda.values.get("path")
    try:
        build = elf.read(files, path)["build_id"] if path else None
    except (OSError, ValueError):
        build = None
    driver = re.search(r"\.so\.(\d+\.\d+(?:\.\d+)?)$", path or "")
    return component(
        PROCESS,
        LIBCUDA,
        "libcuda",
        "call",
        version,
        path,
        driver=driver and driver.group(1),
        build_id=build,
        forward_compat=bool(COMPAT.search(path)) if path else None,
        init=failure or "ok",
    )


def _none(scope, kind, answers, failure, nodes):
    """Absent where nothing speaks of a GPU; unreadable, with advice, where something does."""
    library, capability = LIBRARY[kind]
    if not answers.missing(library):
        return unreadable(scope, kind, "*", failure)
    if nodes:
        reason = "/dev/%s is here, but %s is not: add `%s` to NVIDIA_DRIVER_CAPABILITIES"
        return unreadable(scope, kind, "*", reason % (nodes[0], library, capability))
    return absent(scope, kind, "*", "no %s and no GPU's device node" % library)
