"""The laboratory keeps to itself, cleans up after any crash, and its images are what they say."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import docker
import pytest
from docker.errors import ContainerError

from lab import small
from lab.daemon import Daemon
from lab.engine import PREFIX, DockerEngine, answers, sweep
from lab.error import LabError, find_program
from lab.fixtures import unavailable
from lab.images import recipe
from lab.layer import Files, Raw, Text, blob, file_digest, pack
from lab.oci import stored_gzip
from lab.recipes import ML_V1, RECIPES, hostile
from lab.tar import Entry, tar
from lab.wheels import Wheels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.engine import Engine
    from lab.fixtures import BuildImage
    from lab.image import Image

PAIR: Final = "a\U00010d40b \U00010d40"
"""U+10D40 is a digit since Unicode 16; before, no letter and no number."""


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short temporary folder for this test's engines, so that it sees and sweeps no others."""
    folder = Path(tempfile.mkdtemp(prefix="lab-"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def own_engine(apart: Path) -> Iterator[DockerEngine]:
    """An engine that a test may break."""
    assert list(apart.iterdir()) == []
    started = DockerEngine()
    try:
        started.start()
    except LabError as error:
        unavailable(error)
    yield started
    started.stop()


def run(engine: Engine, tag: str, *command: str, entrypoint: str | None = None) -> str:
    """Run a command in an image without network and return what it prints."""
    client = docker.DockerClient(base_url=engine.host)
    try:
        output: bytes = client.containers.run(
            tag,
            list(command),
            entrypoint=entrypoint,
            network_mode="none",
            read_only=True,
            remove=True,
        )
    finally:
        client.close()
    return output.decode()


def daemon_of(engine: DockerEngine) -> Daemon:
    """The engine's process."""
    return Daemon.of(int((engine.folder / "dockerd.pid").read_text()))


def processes_naming(text: str) -> list[str]:
    """Command lines of live processes that hold a text."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            lines.append(line)
    return lines


def wait_until_gone(daemon: Daemon) -> None:
    """Wait for a process to end; fails after ten seconds."""
    deadline = time.monotonic() + 10
    while daemon.alive():
        assert time.monotonic() < deadline, "the daemon lives on"
        time.sleep(0.05)


def test_a_missing_program_is_named_with_the_package_to_install() -> None:
    with pytest.raises(LabError, match="dockerd-of-nobody is not installed: apt-get install some"):
        find_program("dockerd-of-nobody", "some")


def test_an_unknown_image_is_answered_with_those_that_exist() -> None:
    with pytest.raises(LabError, match=r"no image is called ml:v3; there are .*ml:v1, ml:v2"):
        recipe("ml:v3")


def test_a_raw_layer_is_the_tar_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_LAB_CACHE", str(tmp_path))
    content = tar([Entry("a/.wh.b"), Entry(os.fsdecode(b"\xff"), b"c")])
    made = blob(Raw.of(content))
    assert made.path.read_bytes() == content
    assert made.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("name", ["app-v1.oci.tar", "app-v2.oci.tar", "multi.oci.tar"])
def test_the_committed_archives_are_what_their_maker_makes(name: str) -> None:
    made = small.archives()
    assert sorted(made) == sorted(path.name for path in small.IMAGES.glob("*.tar"))
    assert made[name] == (small.IMAGES / name).read_bytes(), "run python -m lab.small"


def test_a_gzip_file_that_compresses_nothing_unpacks() -> None:
    for data in (b"", b"x", bytes(range(256)) * 1000):
        assert gzip.decompress(stored_gzip(data)) == data


def test_a_missing_engine_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="required here, but: no engine"):
        unavailable(LabError("no engine"))


def test_a_missing_engine_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("REPRO_REQUIRE_ENGINE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no engine"):
        unavailable(LabError("no engine"))


def test_who_may_not_start_an_engine_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(LabError, match=r"only root may start sh: use sudo, or set DOCKER_HOST"):
        Shell().start()


class Shell(DockerEngine):
    """An engine whose program is installed everywhere, and ends at once."""

    program = "sh"


@pytest.mark.engine
def test_an_engine_that_ends_at_once_says_why(own_engine: DockerEngine, apart: Path) -> None:
    with pytest.raises(LabError, match=r"sh ended at once:\n.*Illegal option"):
        Shell().start()
    assert list(apart.glob(f"{PREFIX}*")) == [own_engine.folder]


def test_nothing_answers_where_no_socket_is(tmp_path: Path) -> None:
    assert not answers(f"unix://{tmp_path}/none.sock")


def test_a_zombie_counts_as_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        daemon = Daemon.of(child.pid)
        assert daemon.alive()
        child.kill()
        wait_until_gone(daemon)


def test_a_pid_used_again_is_another_process() -> None:
    ours = Daemon.of(os.getpid())
    earlier = Daemon(pid=ours.pid, started=ours.started - 1)
    assert ours.alive()
    assert not earlier.alive()


def test_a_layer_depends_on_contents_alone(tmp_path: Path) -> None:
    digests = []
    for folder, names in (("a", ("x", "y")), ("b", ("y", "x"))):
        root = tmp_path / folder
        root.mkdir()
        for name in names:
            (root / name).write_text(name)
            os.utime(root / name, (len(folder), ord(folder)))
        pack(root, tmp_path / f"{folder}.tar")
        digests.append(file_digest(tmp_path / f"{folder}.tar"))
    assert digests[0] == digests[1]


def test_a_layer_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_LAB_CACHE", str(tmp_path))
    layer = Files((("etc/motd", Text("hello")),))
    first = blob(layer)
    made = first.path.stat().st_mtime_ns
    assert blob(layer) == first
    assert first.path.stat().st_mtime_ns == made
    assert blob(Files((("etc/motd", Text("hullo")),))).digest != first.digest


def test_a_layer_that_fails_leaves_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRO_LAB_CACHE", str(tmp_path))
    with pytest.raises(LabError, match="ended with"):
        blob(Wheels(requirements=("not a requirement at all",)))
    assert list((tmp_path / "layers").iterdir()) == []


@pytest.mark.engine
def test_an_engine_has_namespaces_of_its_own(own_engine: DockerEngine) -> None:
    pid = daemon_of(own_engine).pid
    for kind in ("net", "mnt"):
        assert Path(f"/proc/{pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink()


@pytest.mark.engine
def test_an_engine_leaves_nothing_behind(own_engine: DockerEngine, image: BuildImage) -> None:
    folder, daemon = own_engine.folder, daemon_of(own_engine)
    _start_sleeper(own_engine, image)
    own_engine.stop()
    assert not daemon.alive()
    assert not folder.exists()
    assert processes_naming(str(folder)) == []
    assert str(folder) not in Path("/proc/mounts").read_text()


@pytest.mark.engine
def test_a_killed_engine_takes_its_containers_along(
    own_engine: DockerEngine, image: BuildImage
) -> None:
    folder, daemon = own_engine.folder, daemon_of(own_engine)
    sleeper = _start_sleeper(own_engine, image)
    os.kill(daemon.pid, signal.SIGKILL)
    wait_until_gone(daemon)
    assert sleeper.alive(), "the container was to outlive its engine; else this tests nothing"
    own_engine.stop()
    wait_until_gone(sleeper)
    assert processes_naming(str(folder)) == []
    assert not folder.exists()


def _start_sleeper(engine: DockerEngine, image: BuildImage) -> Daemon:
    tag = image("scratch:1", host=engine.host)
    client = docker.DockerClient(base_url=engine.host)
    try:
        container = client.containers.run(
            tag, network_mode="none", detach=True, stop_signal="SIGKILL"
        )
        container.reload()
        return Daemon.of(container.attrs["State"]["Pid"])
    finally:
        client.close()


@pytest.mark.engine
def test_sweeping_a_dead_engine_leaves_a_living_one_alone(
    own_engine: DockerEngine, image: BuildImage
) -> None:
    """Whatever the dead one's folder says: pids and namespace numbers are used again."""
    sleeper, daemon = _start_sleeper(own_engine, image), daemon_of(own_engine)
    dead = own_engine.folder.with_name(f"{PREFIX}dead")
    dead.mkdir()
    state = json.loads((own_engine.folder / "engine.json").read_text())
    (dead / "engine.json").write_text(json.dumps({**state, "started": state["started"] - 1}))
    sweep()
    assert not dead.exists()
    assert daemon.alive()
    assert sleeper.alive()
    assert answers(own_engine.host)


@pytest.mark.engine
def test_an_engine_kills_no_process_that_only_names_its_folder(own_engine: DockerEngine) -> None:
    command = ["tail", "-f", str(own_engine.log)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as reader:
        own_engine.stop()
        with pytest.raises(subprocess.TimeoutExpired):  # A killed process needs a moment to end.
            reader.wait(timeout=0.5)
        reader.kill()


OWNER: Final = """
import sys, time
from lab.engine import DockerEngine
engine = DockerEngine().start()
print(engine.folder, flush=True)
time.sleep(60)
"""


@pytest.mark.engine
def test_an_engine_whose_owner_was_killed_ends_and_is_swept(own_engine: DockerEngine) -> None:
    del own_engine  # Engines may be started here, or the test is skipped.
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        daemon = Daemon.of(int((folder / "dockerd.pid").read_text()))
        owner.kill()
    wait_until_gone(daemon)
    assert folder.exists()
    sweep()
    assert not folder.exists()


@pytest.mark.engine
def test_the_command_line_runs_a_command_with_an_engine(own_engine: DockerEngine) -> None:
    del own_engine
    script = (
        "import docker; client = docker.from_env(); print(client.ping()); client.close(); exit(7)"
    )
    done = subprocess.run(
        [sys.executable, "-m", "lab.engine", "run", "--", sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "True\n"), done.stderr


@pytest.mark.engine
@pytest.mark.parametrize(
    ("suite", "python"), [("bullseye", "3.9"), ("bookworm", "3.11"), ("trixie", "3.13")]
)
def test_suites_bring_their_python_and_package_database(
    docker_engine: Engine, image: BuildImage, suite: str, python: str
) -> None:
    tag = image(f"base:{suite}")
    version = run(docker_engine, tag, "python3", "-c", "import ssl, sys; print(sys.version)")
    assert version.startswith(f"{python}.")
    packages = run(docker_engine, tag, "dpkg-query", "-W", "-f", "${Package} ${Status}\n")
    assert "python3 install ok installed" in packages.splitlines()
    assert blob(RECIPES[f"base:{suite}"].layers[0]).path.stat().st_size < 100e6


@pytest.mark.engine
def test_an_image_has_one_id_in_every_engine(
    docker_engine: Engine, podman_engine: Engine, image: BuildImage
) -> None:
    ids = []
    for engine in (docker_engine, podman_engine):
        tag = image("ml:v1", host=engine.host)
        client = docker.DockerClient(base_url=engine.host)
        ids.append(client.images.get(tag).id)
        client.close()
    assert ids[0] == ids[1]


@pytest.mark.engine
def test_the_demo_pair_gives_other_tokens(docker_engine: Engine, image: BuildImage) -> None:
    code = (
        "from tokenizers import Tokenizer; import sys;"
        "print(Tokenizer.from_file('/models/demo/tokenizer.json').encode(sys.argv[1]).ids)"
    )
    tags = [image("ml:v1"), image("ml:v2")]
    first, second = (run(docker_engine, tag, "python3", "-c", code, PAIR) for tag in tags)
    assert first != second


def test_every_line_of_every_record_holds(tmp_path: Path) -> None:
    (layer,) = (layer for layer in ML_V1.layers if isinstance(layer, Wheels))
    subprocess.run(["tar", "-x", "-C", tmp_path, "-f", blob(layer).path], check=True)
    site = tmp_path / layer.site.lstrip("/")
    records = sorted(site.glob("*.dist-info/RECORD"))
    assert len(records) == len(layer.requirements)
    for record in records:
        for name, digest, _ in csv.reader(record.read_text().splitlines()):
            content = (site / name).read_bytes()
            found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert digest in ("", f"sha256={found}"), name


@pytest.mark.engine
def test_commands_of_wheels_run_in_the_image(docker_engine: Engine, image: BuildImage) -> None:
    assert run(docker_engine, image("ml:v1"), "tqdm", "--version").strip() == "4.66.5"


@pytest.mark.engine
def test_the_big_image_holds_over_three_hundred_distributions(
    docker_engine: Engine, image: BuildImage
) -> None:
    code = "import importlib.metadata as m; print(len({d.name for d in m.distributions()}))"
    assert int(run(docker_engine, image("big:1"), "python3", "-c", code)) >= 300


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "program"),
    [("nopython:1", "python3"), ("scratch:1", "/bin/sh"), ("distroless:1", "/bin/sh")],
)
def test_images_lack_what_they_are_to_lack(
    docker_engine: Engine, image: BuildImage, name: str, program: str
) -> None:
    with pytest.raises(docker.errors.APIError, match=r"no such file or directory|not found"):
        run(docker_engine, image(name), "-c", "pass", entrypoint=program)


@pytest.mark.engine
def test_a_conda_environment_runs_and_is_conda_s(docker_engine: Engine, image: BuildImage) -> None:
    code = "import glob, numpy, sys; print(sys.prefix, numpy.__version__, glob.glob(sys.argv[1]))"
    printed = run(
        docker_engine, image("conda:1"), "python", "-c", code, "/opt/conda/conda-meta/numpy*.json"
    )
    assert printed.startswith("/opt/conda 2.1.3 ['/opt/conda/conda-meta/numpy-2.1.3-py311_0.json']")


@pytest.mark.engine
@pytest.mark.heavy
@pytest.mark.parametrize(("number", "cudart"), [("1", "12.4.127"), ("2", "12.8.90")])
def test_a_c_server_s_image_has_cuda_where_nvidia_s_images_have_it(
    docker_engine: Engine, image: BuildImage, number: str, cudart: str
) -> None:
    files = ("/usr/local/cuda/lib64/libcudart.so.12", "/usr/lib/x86_64-linux-gnu/libnccl.so.2")
    script = f"""
        readlink -f {files[0]} {files[1]}
        busybox grep -A6 '^Package: cuda-cudart' /var/lib/dpkg/status | busybox grep ^Version
        head -c 4 /models/demo.gguf && echo
        ! command -v python3
    """
    printed = run(
        docker_engine, image(f"cpp-cuda:{number}"), "-c", script, entrypoint="/bin/sh"
    ).splitlines()
    assert printed[0].endswith(f"/lib/libcudart.so.{cudart}")
    assert printed[1:] == [f"{files[1]}.21.5", f"Version: {cudart}-1", "GGUF"]


@pytest.mark.engine
def test_layers_merge_in_the_engine_as_their_words_say(
    docker_engine: Engine, image: BuildImage
) -> None:
    script = """
        cd /m && cat opaque/new once both folder-file/z hard/b hard/changed
        cat through/written below/own
        echo *gone* opaque/* emptied/* late/* folder-file/* hard/* replaced/* below/*
    """
    printed = run(docker_engine, image("layers:1"), "sh", "-c", script).splitlines()
    assert [line.partition(",")[0] for line in printed[:3]] == ["beside the mark", "new", "new"]
    assert printed[-1] == (
        "gone-folder opaque/new emptied/* late/new folder-file/z"
        " hard/b hard/changed hard/kept replaced/own below/own"
    )


@pytest.mark.engine
def test_a_hostile_python_is_the_script_given(docker_engine: Engine, image: BuildImage) -> None:
    wanted: Image = hostile("echo mine; exit 3")
    with pytest.raises(ContainerError) as caught:
        run(docker_engine, image("hostile:mine", wanted), "python3", "-c", "pass")
    assert caught.value.exit_status == 3
