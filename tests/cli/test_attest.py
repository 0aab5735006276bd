"""`repro attach` and `repro verify`, and what diff and gate make of it, with a real registry."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lab.error import LabError
from lab.fixtures import unavailable
from lab.registry import ThrowawayRegistry
from repro.cli import own_baseline
from repro.cli.main import run
from repro.manifest import Target, assemble, decode
from repro.manifest.pool import Pool
from repro.registry.client import Registry
from repro.registry.pushing import push_manifest
from repro.registry.reference import Reference
from repro.registry.referrers import INDEX
from tests.registry import layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

GATE = """\
[gate]
baseline = "v1.json"
[attest]
keys = ["repro.pub"]
"""
STRICT = GATE.replace("[attest]", 'fail-on = "any"\n[attest]')


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Shop:
    """A folder to work in, and two images in a registry that has a tag for what is attached."""

    def __init__(
        self, folder: Path, registry: ThrowawayRegistry, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self.registry, self._capsys = folder, registry, capsys
        self.v1, self.v2 = (f"{registry.host}/{folder.name}/app:{tag}" for tag in ("v1", "v2"))

    def __call__(self, *words: str) -> Done:
        code = run(list(words))
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def attach(self, image: str, name: str, *more: str, key: str = "repro.key") -> Done:
        """Take the manifest of an image, and attach it."""
        if not (self.folder / name).exists():
            assert self("snapshot", f"registry:{image}", "-o", name).code == 0
        return self("attach", image, "--manifest", name, "--key", key, *more)

    def gated(self, policy: str = GATE) -> Done:
        """Attach both manifests, and what a gate says of the second."""
        assert self.attach(self.v1, "v1.json").code == 0
        assert self.attach(self.v2, "v2.json").code == 0
        self.write("repro.toml", policy)
        self("gate", "v2.json", "-f", "json=gate.json")
        return self.attach(self.v2, "v2.json", "--gate", "gate.json")

    def asked(self, *words: str) -> tuple[Done, list[str]]:
        """Run a command, and return what the registry was asked for."""
        before = len(self.registry.requests())
        done = self(*words)
        return done, [request.path for request in self.registry.requests()[before:]]


@pytest.fixture(scope="module")
def registry() -> Iterator[ThrowawayRegistry]:
    try:
        with ThrowawayRegistry() as started:
            yield started
    except LabError as error:
        unavailable(error)


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Sequence[layout.Layout]:
    return [layout.write(tmp_path_factory.mktemp("layout"), text) for text in (b"one", b"two")]


@pytest.fixture
def shop(
    tmp_path: Path,
    registry: ThrowawayRegistry,
    layouts: Sequence[layout.Layout],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shop:
    folder = tmp_path / f"shop{abs(hash(tmp_path)) % 10**8}"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("REPRO_KEY_PASSWORD", raising=False)
    made = Shop(folder, registry, capsys)
    for source, image in zip(layouts, (made.v1, made.v2), strict=True):
        registry.push(source.source, image.partition("/")[2])
    for name in ("repro", "stranger"):
        kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        _openssl("genpkey", *kind, "-out", f"{name}.key")
        _openssl("pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
    return made


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def test_what_is_attached_is_verified(shop: Shop) -> None:
    attached = shop.attach(shop.v1, "v1.json")
    verified = shop("verify", shop.v1, "--key", "repro.pub", "--no-gate", "-o", "back.json")

    assert attached.code == 0
    assert attached.out.startswith(f"{shop.v1.rpartition(':')[0]}@sha256:")
    assert verified.code == 0, verified.out
    assert verified.out.startswith(f"VERIFIED  registry:{shop.v1}\n")
    assert shop("diff", "v1.json", "back.json", "--fail-on", "any").code == 0


def test_a_passed_gate_is_verified_under_its_policy(shop: Shop) -> None:
    assert shop.gated().code == 0

    found = shop("verify", shop.v2, "--policy", "repro.toml", "--max-age", "1h")
    assert found.code == 0, found.out
    assert "gate      PASSED, equivalent, signed" in found.out


def test_another_policy_is_not_the_gate_s(shop: Shop) -> None:
    shop.gated()
    shop.write("other.toml", STRICT)

    found = shop("verify", shop.v2, "--policy", "other.toml")
    assert found.code == 1
    assert "the gate had another policy" in found.out


def test_a_failed_gate_is_attached_and_forbids(shop: Shop) -> None:
    shop.gated(STRICT)

    found = shop("verify", shop.v2)
    assert found.code == 1
    assert "lacking   the gate did not let it pass: equivalent\n" in found.out
    assert "FAIL  exit 1" in found.out


def test_nothing_attached_is_no_pass(shop: Shop) -> None:
    found = shop("verify", shop.v1, "--key", "repro.pub")

    assert found.code == 3
    assert "no manifest counts: nothing is attached" in found.out


def test_a_manifest_alone_is_no_pass_where_a_gate_is_wanted(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json")

    assert shop("verify", shop.v1, "--key", "repro.pub").code == 3


def test_a_stranger_s_signature_is_no_pass(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json", key="stranger.key")

    found = shop("verify", shop.v1, "--key", "repro.pub", "--no-gate")
    assert found.code == 3
    assert "ignored   sha256:" in found.out
    assert "not signed by a key that was given" in found.out


def test_what_is_moved_beside_another_image_is_no_pass(shop: Shop) -> None:
    """Who may write to the repository copies the list of one image to another."""
    shop.attach(shop.v1, "v1.json")
    for image, name in ((shop.v1, "v1.json"), (shop.v2, "v2.json")):
        shop("snapshot", f"registry:{image}", "-o", name)
    read = [json.loads((shop.folder / name).read_text()) for name in ("v1.json", "v2.json")]
    digests = [manifest["target"]["properties"]["digest"] for manifest in read]
    tags = shop.registry.folder.rglob(f"*{shop.folder.name}/app/_manifests/tags")
    (folder,) = tags
    names = [folder / digest.replace(":", "-") for digest in digests]
    shutil.copytree(names[0], names[1])

    found = shop("verify", shop.v2, "--key", "repro.pub", "--no-gate")
    assert found.code == 3
    assert "it is about another image" in found.out


def test_an_age_is_a_limit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    from repro.cli import attach  # noqa: PLC0415

    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            del tz
            return datetime(2020, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(attach, "datetime", Past)
    shop.attach(shop.v1, "v1.json")

    words = ("verify", shop.v1, "--key", "repro.pub", "--no-gate")
    assert shop(*words).code == 0
    assert shop(*words, "--max-age", "4w").code == 1


def test_the_manifest_of_another_image_is_not_attached(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json")
    found = shop.attach(shop.v2, "v1.json")

    assert found.code == 2
    assert f"v1.json is not the manifest of registry:{shop.v2}" in found.err


def test_a_gate_about_another_manifest_is_not_attached(shop: Shop) -> None:
    shop.gated()
    found = shop.attach(shop.v1, "v1.json", "--gate", "gate.json")

    assert found.code == 2
    assert "gate.json is about another manifest" in found.err


def test_a_gate_that_forbids_nothing_is_not_attached(shop: Shop) -> None:
    shop.gated()
    shop("diff", "v1.json", "v2.json", "--fail-on", "never", "-f", "json=never.json")
    found = shop.attach(shop.v2, "v2.json", "--gate", "never.json")

    assert found.code == 2
    assert "it would let everything pass" in found.err


def test_a_report_that_was_edited_to_pass_is_not_attached(shop: Shop) -> None:
    shop.gated(STRICT)
    report = json.loads((shop.folder / "gate.json").read_text())
    shop.write("edited.json", json.dumps({**report, "exit_code": 0}))
    found = shop.attach(shop.v2, "v2.json", "--gate", "edited.json")

    assert found.code == 2
    assert "do not fit" in found.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--no-gate",), "nobody is believed"),
        (("--key", "missing.pub"), "No such file"),
        (("--key", "repro.key"), "is a private key"),
        (("--key", "repro.pub", "--max-age", "soon"), "is no age"),
        (("--key", "repro.pub", "--no-gate", "--policy", "repro.toml"), "--no-gate"),
    ],
)
def test_what_makes_no_sense_could_not_run(shop: Shop, words: tuple[str, ...], why: str) -> None:
    found = shop("verify", shop.v1, *words)

    assert found.code == 2
    assert why in found.err


@pytest.mark.parametrize(
    "table",
    ['keys = "repro.pub"', "keys = [1]", "max-age = 30", 'max-age = "30"', "key = []"],
)
def test_a_project_that_says_nonsense_could_not_run(shop: Shop, table: str) -> None:
    shop.write("repro.toml", f"[attest]\n{table}\n")

    assert shop("verify", shop.v1).code == 2


def test_an_image_that_is_not_there_could_not_run(shop: Shop) -> None:
    assert shop("verify", f"{shop.v1}x", "--key", "repro.pub").code == 2


def test_diff_takes_what_is_attached_and_fetches_no_layer(
    shop: Shop, layouts: Sequence[layout.Layout]
) -> None:
    shop.gated()
    sides = [f"registry:{shop.v1}", f"registry:{shop.v2}"]
    done, asked = shop.asked("diff", *sides, "--attached", "--no-cache", "-f", "json")
    report = json.loads(done.out)

    assert done.code == 0
    layers = {layout.digest_of(each.layer) for each in layouts}
    assert not [path for path in asked if path.rpartition("/")[2] in layers]
    assert report["a"]["attested"]["key"].startswith("sha256:")
    assert report["a"]["name"] == sides[0]
    text = shop("diff", *sides, "--attached").out
    assert "attested 20" in text
    assert "key sha256:" in text


def test_without_a_key_what_is_attached_is_never_used(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json")
    shop.attach(shop.v2, "v2.json")
    sides = [f"registry:{shop.v1}", f"registry:{shop.v2}"]
    done, asked = shop.asked("diff", *sides, "-f", "json")

    assert not [path for path in asked if "/referrers/" in path or "/sha256-" in path]
    assert "attested" not in json.loads(done.out)["a"]
    assert shop("diff", *sides, "--attached").code == 2, "nobody to believe"


def test_what_does_not_count_is_said_and_the_layers_are_read(
    shop: Shop, layouts: Sequence[layout.Layout]
) -> None:
    shop.attach(shop.v1, "v1.json", key="stranger.key")
    shop.attach(shop.v2, "v2.json", key="stranger.key")
    sides = [f"registry:{shop.v1}", f"registry:{shop.v2}"]
    words = ("diff", *sides, "--key", "repro.pub", "--no-cache")
    with pytest.warns(UserWarning, match="is used: sha256:.*not signed by a key that was given"):
        done, asked = shop.asked(*words)

    assert done.code == 0
    assert {layout.digest_of(each.layer) for each in layouts} <= {
        path.rpartition("/")[2] for path in asked
    }
    demanded = shop(*words, "--attached")
    assert demanded.code == 3
    assert "no attached manifest of" in demanded.err


def test_no_attached_reads_the_image_itself(shop: Shop) -> None:
    shop.gated()
    done, asked = shop.asked("gate", f"registry:{shop.v2}", "--no-attached", "-f", "json")

    assert not [path for path in asked if "/sha256-" in path]
    assert "attested" not in json.loads(done.out)["b"]


def test_a_gate_on_two_images_reads_neither(shop: Shop, layouts: Sequence[layout.Layout]) -> None:
    shop.gated()
    shop.write("repro.toml", GATE.replace("v1.json", f"registry:{shop.v1}"))
    done, asked = shop.asked(
        "gate", f"registry:{shop.v2}", "--attached", "--no-cache", "-f", "json"
    )
    report = json.loads(done.out)

    assert done.code == 0
    assert "attested" in report["a"]
    assert "attested" in report["b"]
    layers = {layout.digest_of(each.layer) for each in layouts}
    assert not [path for path in asked if path.rpartition("/")[2] in layers]


def test_a_gate_believes_whom_its_policy_believes(shop: Shop) -> None:
    """The project's own file may be what somebody changed; the policy that was named is not."""
    shop.gated()
    shop.write("repro.toml", GATE.replace("repro.pub", "stranger.pub"))
    (shop.folder / "base").mkdir()
    shop.write("base/repro.toml", GATE)
    for name in ("v1.json", "repro.pub"):
        shutil.copy(shop.folder / name, shop.folder / "base" / name)
    words = ("gate", f"registry:{shop.v2}", "--attached")

    assert shop(*words, "--policy", "base/repro.toml").code == 0
    assert shop(*words).code == 3


def test_attached_is_for_images_in_registries(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json")
    found = shop("diff", "v1.json", "v1.json", "--attached", "--key", "repro.pub")

    assert found.code == 2
    assert "--attached is for images in registries" in found.err


def test_a_file_that_says_it_is_attested_is_not_believed(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json")
    held = json.loads((shop.folder / "v1.json").read_text())
    held["target"]["properties"]["attested"] = {"at": "2026-01-01", "key": "sha256:a friend"}
    shop.write("claims.json", json.dumps(held))

    done = shop("diff", "claims.json", "v1.json", "-f", "json")
    assert "attested" not in json.loads(done.out)["a"]
    data = (shop.folder / "claims.json").read_bytes()
    assert Pool().decode(data).target == decode(data).target
    assert "attested" not in decode(data).target.properties


def test_a_target_is_compared_with_what_is_attached_to_itself(
    shop: Shop, layouts: Sequence[layout.Layout]
) -> None:
    shop.attach(shop.v2, "v2.json")
    shop.write("repro.toml", GATE.replace("v1.json", "attached"))
    done, asked = shop.asked("gate", f"registry:{shop.v2}", "--no-cache", "-f", "json")
    report = json.loads(done.out)

    assert (done.code, report["status"]) == (0, "identical")
    assert "attested" in report["a"]
    assert "attested" not in report["b"], "the target itself is looked at"
    layer = layout.digest_of(layouts[1].layer)
    assert [path.rpartition("/")[2] for path in asked].count(layer) == 1


def test_a_target_without_anything_attached_has_no_baseline_in_it(shop: Shop) -> None:
    shop.write("repro.toml", GATE.replace("v1.json", "attached"))
    assert shop("gate", f"registry:{shop.v2}").code == 3

    shop.attach(shop.v2, "v2.json", key="stranger.key")
    assert shop("gate", f"registry:{shop.v2}").code == 3

    found = shop("gate", "v2.json")
    assert found.code == 2
    assert "no registry is known to have the image of v2.json" in found.err


def test_an_engine_s_image_is_asked_for_where_the_engine_had_it_from() -> None:
    digests = ["ghcr.io/owner/app@sha256:" + "a" * 64, 7, "app"]
    looked = assemble(Target(kind="image", name="app", properties={"digests": digests}), [])

    assert own_baseline.names("app:v2", looked) == [f"registry:{digests[0]}"]
    assert own_baseline.names("registry:app:v2", looked) == ["registry:app:v2"]


def test_with_a_base_the_keys_are_the_revision_s(shop: Shop) -> None:
    """Who changes the target could otherwise put a key of their own in place of the project's."""
    shop.attach(shop.v1, "v1.json")
    shop.attach(shop.v2, "v2.json", key="stranger.key")
    shop.write("repro.toml", GATE)
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "repro.toml", "repro.pub", "v1.json"],
        ["commit", "-q", "-m", "state"],
    ):
        subprocess.run([*git, *words], check=True)
    shutil.copy("stranger.pub", "repro.pub")
    target = (f"registry:{shop.v2}", "--attached")

    assert shop("gate", *target).code == 0, "by its own word it passes"
    assert shop("gate", *target, "--base", "main").code == 3

    shop.attach(shop.v2, "v2.json")
    assert shop("gate", *target, "--base", "main").code == 0

    shop.write("repro.toml", GATE.replace("repro.pub", "new.pub"))
    subprocess.run([*git, "commit", "-q", "-a", "-m", "a key that is not there"], check=True)
    done = shop("gate", *target, "--base", "main")
    assert done.code == 2
    assert "the key new.pub is no file of main" in done.err


def test_of_an_image_for_several_platforms_one_is_attached_to(shop: Shop) -> None:
    entries = []
    for image, name, machine in ((shop.v1, "v1.json", "amd64"), (shop.v2, "v2.json", "arm64")):
        shop("snapshot", f"registry:{image}", "-o", name)
        digest = json.loads((shop.folder / name).read_text())["target"]["properties"]["digest"]
        with Registry(Reference.parse(image), writing=True) as registry:
            size = len(registry.manifest(digest).data)
        platform = {"os": "linux", "architecture": machine}
        kind = "application/vnd.oci.image.manifest.v1+json"
        entries.append({"mediaType": kind, "digest": digest, "size": size, "platform": platform})
    several = f"{shop.v1.rpartition(':')[0]}:several"
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    with Registry(Reference.parse(several), writing=True) as registry:
        push_manifest(registry, json.dumps(index).encode(), INDEX, "several")
    words = ("verify", several, "--key", "repro.pub", "--no-gate", "--platform")

    wrong = shop.attach(several, "v1.json", "--platform", "linux/arm64")
    right = shop.attach(several, "v1.json", "--platform", "linux/amd64")

    assert (wrong.code, right.code) == (2, 0)
    assert shop(*words, "linux/amd64").code == 0
    assert shop(*words, "linux/arm64").code == 3
    assert shop("verify", shop.v1, "--key", "repro.pub", "--no-gate").code == 0, "it is the same"


def test_the_history_of_a_repository_is_what_is_attached_to_its_tags(shop: Shop) -> None:
    shop.attach(shop.v1, "v1.json")
    shop.attach(shop.v2, "v2.json", key="stranger.key")
    store = f"registry:{shop.v1.rpartition(':')[0]}"
    found = shop("history", store, "--key", "repro.pub")
    assert found.code == 2
    assert "1 manifest of 1 subject" in found.out
    assert ":v2: sha256:" in found.out
    both = shop("history", store, "--key", "repro.pub", "--key", "stranger.pub", "-f", "json")
    (timeline,) = json.loads(both.out)["timelines"]
    assert both.code == 0
    assert timeline["subject"]["name"] == store
    assert timeline["manifests"] == 2
    assert [step["place"].split()[0] for step in timeline["steps"]] == [":v2"]
    assert shop("history", f"{store}2", "--key", "repro.pub").code == 2
