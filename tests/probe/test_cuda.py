"""The finder of CUDA libraries: where it looks, what it says of each, what it refuses."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import cuda, cuda_names, ldcache, owner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

SITE = "/usr/lib/python3.11/site-packages"
Facts = list[dict[str, Any]]


@pytest.fixture
def add(standin: ModuleType, tree: Any) -> Callable[..., str]:
    """Put a small real library at a path of the tree; returns the path."""

    def put(path: str, soname: str | None = None) -> str:
        standin.library(tree.at(path), soname=soname)
        return path

    return put


def collect(tree: Any, context: Any) -> Facts:
    return list(cuda.collect(tree, context))


def found(tree: Any, context: Any) -> dict[str, dict[str, Any]]:
    facts = collect(tree, context)
    assert all(fact["state"] == "known" for fact in facts), facts
    return {fact["location"]: fact for fact in facts if fact["kind"] == "cuda.library"}


def wheel(tree: Any, name: str, *paths: str, size: int | None = None) -> None:
    """Write the RECORD of a wheel that holds these paths, with their real sizes."""
    lines = []
    for path in paths:
        length = tree.size(f"{SITE}/{path}") if size is None else size
        lines.append(f"{path},sha256=AAAA,{length}")
    tree.put(f"{SITE}/{name}.dist-info/RECORD", "\n".join([*lines, f"{name}.dist-info/RECORD,,"]))


@pytest.mark.parametrize(
    "folder",
    [
        f"{SITE}/nvidia/cublas/lib",
        f"{SITE}/nvidia/cu13/lib",
        f"{SITE}/torch/lib",
        f"{SITE}/tensorrt_libs",
        f"{SITE}/tensorrt",
        f"{SITE}/jaxlib/cuda",
        f"{SITE}/cupy_cuda12x.libs",
        "/usr/local/cuda-12.4/lib64",
        "/usr/local/cuda-12.4/targets/x86_64-linux/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/local/lib",
        "/opt/conda/lib",
        "/opt/image/lib",
    ],
)
def test_looks_into_every_place(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any], folder: str
) -> None:
    path = add(f"{folder}/libcublas.so.12.4.5.8", "libcublas.so.12")
    context = make_context(
        SITE,
        conda="/opt/conda",
        image={"Env": ["PATH=/bin", "LD_LIBRARY_PATH=relative::/opt/image/lib:$ORIGIN/lib"]},
    )
    fact = found(tree, context)[path]
    assert (fact["name"], fact["version"], fact["source"]) == ("cublas", "12.4.5.8", "soname")
    assert fact["properties"]["soname"] == "libcublas.so.12"
    assert len(fact["properties"]["build_id"]) == 40
    assert fact["properties"]["size"] == tree.size(path)


@pytest.mark.parametrize(("image", "there"), [({}, True), ({"Env": ["A=b"]}, False)])
def test_the_process_leads_to_libraries_only_where_no_image_is_known(
    tree: Any,
    add: Callable[..., str],
    make_context: Callable[..., Any],
    image: dict[str, Any],
    *,
    there: bool,
) -> None:
    path = add("/opt/named/lib/libcublas.so.12.4.5.8", "libcublas.so.12")
    environ = {"LD_LIBRARY_PATH": "/opt/named/lib"}
    facts = collect(tree, make_context(environ=environ, image=image))
    assert (path in [fact.get("location") for fact in facts]) is there


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libcudart.so.12", "cudart"),
        ("libcudart-9335f6a2.so.12", "cudart"),
        ("libcublasLt.so.12", "cublaslt"),
        ("libcudnn.so.9", "cudnn"),
        ("libcudnn_engines_precompiled.so.9", "cudnn_engines_precompiled"),
        ("libcudnn_ops_infer.so.8", "cudnn_ops_infer"),
        ("libcusparseLt.so.0", "cusparselt"),
        ("libnvrtc-builtins-2dc4bf68.so.11.8", "nvrtc_builtins"),
        ("libnvJitLink.so.12", "nvjitlink"),
        ("libnvshmem_host.so.3", "nvshmem"),
        ("libnvinfer.so.10", "tensorrt"),
        ("libcublas_static.a", None),
        ("libnvblas.so.12", None),
        ("libcudadebugger.so.1", None),
        ("libcudart.so.12.bak", None),
        ("libm.so.6", None),
    ],
)
def test_names_a_library_by_its_file(file: str, name: str | None) -> None:
    library, _ = cuda_names.identify(file)
    assert (library.name if library else None) == name


def test_a_soname_is_no_version(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add(f"{SITE}/torch/lib/libcudart-d0da41ae.so.11.0")
    assert "version" not in found(tree, make_context(SITE))[path]


@pytest.mark.parametrize(
    ("package", "prefix", "is_of"),
    [
        ("nvidia-cusparse-cu12", "nvidia-cusparse", True),
        ("nvidia-cusparselt-cu12", "nvidia-cusparse", False),
        ("nvidia-cudnn", "nvidia-cudnn", True),
        ("libcudnn9-cuda-12", "libcudnn", True),
        ("libcusparselt0", "libcusparse", False),
    ],
)
def test_a_package_is_known_by_its_whole_name(package: str, prefix: str, *, is_of: bool) -> None:
    assert owner.belongs(package, (prefix,)) is is_of


def test_one_file_is_one_component_with_its_links(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    add("/usr/local/cuda-12.4/targets/x86_64-linux/lib/libcudnn.so.9.1.0", "libcudnn.so.9")
    tree.put_link("/usr/local/cuda-12.4/lib64", "targets/x86_64-linux/lib")
    tree.put_link("/usr/local/cuda", "cuda-12.4")
    tree.put_link("/usr/local/cuda/lib64/libcudnn.so.9", "libcudnn.so.9.1.0")
    tree.put_link("/usr/local/cuda/lib64/libcudnn.so", "libcudnn.so.9")
    tree.put_link("/usr/local/cuda/lib64/libcublas.so", "gone.so")
    facts = collect(tree, make_context())
    assert [fact["location"] for fact in facts] == [
        "/usr/local/cuda-12.4/targets/x86_64-linux/lib/libcudnn.so.9.1.0"
    ]
    assert facts[0]["version"] == "9.1.0"
    assert facts[0]["properties"]["links"] == ["libcudnn.so", "libcudnn.so.9"]


def test_two_copies_are_two_components(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    paths = [
        add("/usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0", "libcudnn.so.9"),
        add(f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9"),
    ]
    facts = found(tree, make_context(SITE))
    assert sorted(facts) == sorted(paths)
    assert {fact["name"] for fact in facts.values()} == {"cudnn"}


def test_a_wheel_that_owns_it_tells_the_version(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add(f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9")
    wheel(tree, "nvidia_cudnn_cu12-9.1.0.70", "nvidia/cudnn/lib/libcudnn.so.9")
    fact = found(tree, make_context(SITE))[path]
    assert (fact["version"], fact["source"]) == ("9.1.0.70", "metadata")
    assert fact["properties"]["owner"] == "nvidia-cudnn-cu12 9.1.0.70"
    assert fact["properties"]["record"] == "sha256=AAAA"


def test_a_file_that_is_not_the_wheels_any_more_is_altered_and_has_no_version(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add(f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9")
    wheel(tree, "nvidia_cudnn_cu12-9.1.0.70", "nvidia/cudnn/lib/libcudnn.so.9", size=7)
    fact = found(tree, make_context(SITE))[path]
    assert "version" not in fact
    assert fact["source"] == "file"
    assert fact["properties"]["altered"] is True
    assert fact["properties"]["owner"] == "nvidia-cudnn-cu12 9.1.0.70"
    assert "record" not in fact["properties"]


def test_torchs_version_is_not_that_of_the_cudart_it_bundles(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add(f"{SITE}/torch/lib/libcudart-9335f6a2.so.12")
    wheel(tree, "torch-2.1.0+cu121", "torch/lib/libcudart-9335f6a2.so.12")
    fact = found(tree, make_context(SITE))[path]
    assert "version" not in fact
    assert fact["properties"]["owner"] == "torch 2.1.0+cu121"


def test_without_a_record_the_only_wheel_of_that_name_is_the_owner(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add(f"{SITE}/nvidia/nccl/lib/libnccl.so.2")
    tree.put(f"{SITE}/nvidia_nccl_cu12-2.21.5.dist-info/METADATA", "Name: nvidia-nccl-cu12\n")
    fact = found(tree, make_context(SITE))[path]
    assert (fact["version"], fact["source"]) == ("2.21.5", "metadata")


def test_a_record_that_does_not_list_it_makes_no_owner(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add(f"{SITE}/nvidia/nccl/lib/libnccl.so.2")
    wheel(tree, "nvidia_nccl_cu12-2.21.5")
    assert "owner" not in found(tree, make_context(SITE))[path]["properties"]


def test_a_debian_package_tells_the_version_without_its_revision(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add("/usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5", "libnccl.so.2")
    tree.put("/var/lib/dpkg/info/libnccl2:amd64.list", f"/.\n/usr/lib\n{path}\n")
    tree.put(
        "/var/lib/dpkg/status",
        "Package: libnccl2-dev\nVersion: 9\n\n"
        "Package: libnccl2\nStatus: install ok installed\nVersion: 2.21.5-1+cuda12.4\n\n"
        "Package: other\nVersion: 1\n",
    )
    fact = found(tree, make_context())[path]
    assert (fact["version"], fact["source"]) == ("2.21.5", "metadata")
    assert fact["properties"]["owner"] == "libnccl2 2.21.5-1+cuda12.4"


def defines(prefix: str, **parts: int) -> str:
    return "".join(f"#define {prefix}{name} {value}\n" for name, value in parts.items())


def deny(tree: Any, monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    """Refuse to read these files or list these folders, as to a user without the right."""

    def guard(name: str) -> None:
        inner = getattr(tree, name)

        def checked(path: str, *rest: Any) -> Any:
            if path in paths:
                raise PermissionError(13, "Permission denied", path)
            return inner(path, *rest)

        monkeypatch.setattr(tree, name, checked)

    for name in ("_open", "list"):
        guard(name)


@pytest.mark.parametrize("path", ["info", "info/libnccl2:amd64.list", "status"])
def test_a_package_database_that_may_not_be_read_costs_the_owner_alone(
    tree: Any,
    add: Callable[..., str],
    make_context: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    library = add("/usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5", "libnccl.so.2")
    tree.put("/var/lib/dpkg/info/libnccl2:amd64.list", f"{library}\n")
    tree.put("/var/lib/dpkg/status", "Package: libnccl2\nVersion: 2.21.5-1\n")
    deny(tree, monkeypatch, f"/var/lib/dpkg/{path}")
    fact = found(tree, make_context())[library]
    assert (fact["version"], fact["source"]) == ("2.21.5", "soname")


HEADERS = {
    "cudnn": (
        "libcudnn.so.9",
        "cudnn_version.h",
        defines("CUDNN_", MAJOR=9, MINOR=1, PATCHLEVEL=0),
        "9.1.0",
    ),
    "cublaslt": (
        "libcublasLt.so.12",
        "cublas_api.h",
        defines("CUBLAS_VER_", MAJOR=12, MINOR=4, PATCH=5, BUILD=8),
        "12.4.5.8",
    ),
    "nccl": ("libnccl.so.2", "nccl.h", defines("NCCL_", MAJOR=2, MINOR=21, PATCH=5), "2.21.5"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_header_that_came_with_it_tells_the_version(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any], name: str
) -> None:
    file, header, text, version = HEADERS[name]
    path = add(f"{SITE}/nvidia/x/lib/{file}")
    tree.put(f"{SITE}/nvidia/x/include/{header}", text)
    fact = found(tree, make_context(SITE))[path]
    assert (fact["name"], fact["version"], fact["source"]) == (name, version, "header")


def test_a_header_of_another_major_version_is_not_believed(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add("/usr/lib/x86_64-linux-gnu/libcudnn.so.8")
    tree.put("/usr/include/cudnn_version.h", HEADERS["cudnn"][2])
    fact = found(tree, make_context())[path]
    assert "version" not in fact
    assert fact["source"] == "file"


def test_a_garbage_library_is_unreadable_with_the_reason(
    tree: Any, make_context: Callable[..., Any]
) -> None:
    tree.put("/usr/lib64/libcudnn.so.9", "not a library")
    assert collect(tree, make_context()) == [
        {
            "state": "unreadable",
            "scope": "image",
            "kind": "cuda.library",
            "name": "cudnn",
            "reason": "/usr/lib64/libcudnn.so.9: not an ELF file",
        }
    ]


def test_a_compat_libcuda_is_the_images_and_the_drivers_is_not(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    add("/usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04", "libcuda.so.1")
    path = add("/usr/local/cuda-12.4/compat/libcuda.so.550.54.15", "libcuda.so.1")
    facts = found(tree, make_context())
    assert list(facts) == [path]
    assert (facts[path]["name"], facts[path]["version"]) == ("cuda_compat", "550.54.15")


def test_nothing_found_is_absent(tree: Any, make_context: Callable[..., Any]) -> None:
    assert collect(tree, make_context(SITE)) == [
        {
            "state": "absent",
            "scope": "image",
            "kind": "cuda.library",
            "name": "*",
            "reason": "no CUDA library in the directories where they are put",
        }
    ]


def test_a_folder_that_may_not_be_listed_is_unreadable_and_never_absent(
    tree: Any, make_context: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.at("/usr/lib64").mkdir(parents=True)
    deny(tree, monkeypatch, "/usr/lib64")
    facts = collect(tree, make_context())
    assert [(fact["state"], fact["reason"]) for fact in facts] == [
        ("unreadable", "/usr/lib64: Permission denied")
    ]


def cache(*paths: str) -> bytes:
    """A loader cache of format 1.1 with these paths."""
    strings, entries = b"", b""
    start = 48 + 24 * len(paths)
    for path in paths:
        name = os.path.basename(path).encode() + b"\0"  # noqa: PTH119 - a path inside the target.
        at = start + len(strings)
        strings += name + path.encode() + b"\0"
        entries += struct.pack("<iIIIQ", 0x0303, at, at + len(name), 0, 0)
    head = ldcache.MAGIC + struct.pack("<II", len(paths), len(strings)) + bytes(20)
    return head + entries + strings


def test_reads_a_cache_that_ldconfig_wrote(
    standin: ModuleType, tmp_path: Path, tree: Any, make_context: Callable[..., Any]
) -> None:
    folder = tmp_path / "vendor"
    library = standin.library(folder / "libnccl.so.2.21.5", soname="libnccl.so.2")
    (tmp_path / "conf").write_text(f"{folder}\n")
    tree.put("/etc/hosts")
    command = ["/sbin/ldconfig", "-f", tmp_path / "conf", "-C", tree.at("/etc/ld.so.cache")]
    subprocess.run(command, check=True)
    tree.put(str(library), library.read_bytes())
    assert list(found(tree, make_context())) == [str(library)]


def test_a_driver_folder_in_the_cache_is_not_the_images(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    tree.put("/etc/ld.so.cache", cache(add("/opt/driver/libcuda.so.580.159.04")))
    assert [fact["state"] for fact in collect(tree, make_context())] == ["absent"]


def test_a_link_with_another_name_is_named_by_the_link(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add("/opt/store/blob-1")
    tree.put_link("/usr/lib64/libcudnn.so.9", "../../opt/store/blob-1")
    fact = found(tree, make_context())[path]
    assert (fact["name"], fact["properties"]["links"]) == ("cudnn", ["libcudnn.so.9"])


def test_reads_a_cache_behind_the_older_format(
    tree: Any, add: Callable[..., str], make_context: Callable[..., Any]
) -> None:
    path = add("/opt/vendor/libcudnn.so.9.1.0", "libcudnn.so.9")
    tree.put("/etc/ld.so.cache", b"ld.so-1.7.0\0" + bytes(4) + cache(path, "/lib/libm.so.6"))
    assert list(found(tree, make_context())) == [path]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"garbage", "not a loader cache of format 1.1"),
        (ldcache.MAGIC + bytes(4), "truncated: no whole header"),
        (
            ldcache.MAGIC + struct.pack("<I", 1 << 31) + bytes(40),
            "truncated: 2147483648 entries do not fit into 64 bytes",
        ),
        (cache("/opt/libcudnn.so.9")[:-1], "an entry points to no text"),
    ],
)
def test_a_malformed_cache_is_unreadable_and_the_rest_is_found(
    tree: Any,
    add: Callable[..., str],
    make_context: Callable[..., Any],
    content: bytes,
    reason: str,
) -> None:
    add("/usr/lib64/libcudnn.so.9.1.0", "libcudnn.so.9")
    tree.put("/etc/ld.so.cache", content)
    facts = collect(tree, make_context())
    assert [fact["state"] for fact in facts] == ["known", "unreadable"]
    assert facts[1]["reason"] == f"/etc/ld.so.cache: {reason}"


def test_a_toolkit_states_its_version_and_those_of_its_parts(tree: Any) -> None:
    parts = {
        "cuda": {"name": "CUDA SDK", "version": "12.4.1"},
        "libcublas": {"name": "CUDA cuBLAS", "version": "12.4.5.8"},
    }
    tree.put("/usr/local/cuda-12.4/version.json", json.dumps(parts))
    tree.put_link("/usr/local/cuda", "cuda-12.4")
    tree.put("/usr/local/cuda-10.2/version.txt", "CUDA Version 10.2.89\n")
    told = [(f["version"], f["location"], f.get("properties")) for f in cuda.toolkits(tree)]
    assert told == [
        ("12.4.1", "/usr/local/cuda-12.4", {"components": {"libcublas": "12.4.5.8"}}),
        ("10.2.89", "/usr/local/cuda-10.2", None),
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cuda": 1}', "[" * 100_000, '{"cuda": {}}'])
def test_a_malformed_toolkit_file_is_unreadable(tree: Any, text: str) -> None:
    tree.put("/usr/local/cuda-12.4/version.json", text)
    (fact,) = cuda.toolkits(tree)
    assert (fact["state"], fact["kind"]) == ("unreadable", "cuda.toolkit")
    assert fact["reason"].startswith("/usr/local/cuda-12.4/version.json: ")


def test_declared_versions_are_kept_apart() -> None:
    image = {
        "Env": ["PATH=/bin", "CUDA_VERSION=12.4.1", "NV_CUDNN_VERSION=9.1.0.70-1", "TRT_VERSION="],
        "Labels": {"com.nvidia.cudnn.version": "9.1.0.70", "maintainer": "someone"},
    }
    facts = list(cuda.declared(image))
    assert [(f["kind"], f["name"], f["version"], f["source"]) for f in facts] == [
        ("cuda.declared", "CUDA_VERSION", "12.4.1", "declared"),
        ("cuda.declared", "NV_CUDNN_VERSION", "9.1.0.70-1", "declared"),
        ("cuda.declared", "com.nvidia.cudnn.version", "9.1.0.70", "declared"),
    ]
    assert [f["properties"] for f in facts] == [
        {"library": "cuda", "where": "env"},
        {"library": "cudnn", "where": "env"},
        {"library": "cudnn", "where": "label"},
    ]


@pytest.mark.parametrize("image", [{}, {"Env": None, "Labels": None}, {"Env": "x", "Labels": []}])
def test_an_image_that_declares_nothing_yields_nothing(image: dict[str, Any]) -> None:
    assert list(cuda.declared(image)) == []


def test_twenty_libraries_cost_under_fifty_milliseconds(
    tree: Any, standin: ModuleType, make_context: Callable[..., Any]
) -> None:
    content = standin.library(tree.at("/tmp/l.so")).read_bytes()
    for index in range(20):
        tree.put(f"{SITE}/nvidia/part{index}/lib/libcudnn_part{index}.so.9", content)
        wheel(tree, f"nvidia_part{index}-1.0", f"nvidia/part{index}/lib/libcudnn_part{index}.so.9")

    def seconds() -> float:
        start = time.perf_counter()
        assert len(collect(tree, make_context(SITE))) == 20
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.05


def test_every_header_row_names_three_macros_or_more() -> None:
    for library in cuda_names.LIBRARIES.values():
        assert not library.header or len(library.macros) >= 3
        assert re.fullmatch(r"[a-z_]+", library.name)
