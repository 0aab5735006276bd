"""Reading from real registries: open ones, and ones with TLS and a login."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lab.registry import PASSWORD, USER
from repro.errors import RegistryError
from repro.registry.client import Registry
from repro.registry.reference import Reference

if TYPE_CHECKING:
    from pathlib import Path

    from lab.registry import ThrowawayRegistry
    from tests.registry.layout import Layout


def log_in(home: Path, host: str, password: str = PASSWORD) -> None:
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (home / ".docker/config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def test_an_image_is_read_by_tag_down_to_its_layer(
    registry: ThrowawayRegistry, tiny: Layout
) -> None:
    digest = registry.push(tiny.source, "down/to/layer:v1")
    reference = Reference.parse(f"{registry.host}/down/to/layer:v1")
    with Registry(reference) as client:
        document = client.manifest("v1")
        assert document.digest == digest
        assert document.media_type == "application/vnd.oci.image.manifest.v1+json"
        assert client.manifest(digest) == document
        manifest = json.loads(document.data)
        config, layer = manifest["config"], manifest["layers"][0]
        assert client.config(config["digest"], config["size"]) == tiny.config
        with client.blob(layer["digest"], layer["size"]) as stream:
            assert stream.read(10) == tiny.layer[:10]
            assert stream.read() == tiny.layer[10:]
            assert stream.read() == b""
        with client.blob(layer["digest"], None) as stream:
            assert stream.read() == tiny.layer
    asked = [one for one in registry.requests() if "down/to/layer/blobs" in one.path]
    layers = [one for one in asked if one.method == "GET" and one.path.endswith(layer["digest"])]
    assert [one.sent for one in layers] == [len(tiny.layer)] * 2


def test_what_is_not_there_is_said(registry: ThrowawayRegistry, tiny: Layout) -> None:
    registry.push(tiny.source, "there:v1")
    nothing = f"sha256:{'0' * 64}"
    with Registry(Reference.parse(f"{registry.host}/there:v2")) as client:
        with pytest.raises(RegistryError, match=r"there has no tag v2, or there is no such repos"):
            client.manifest("v2")
        with pytest.raises(RegistryError, match=f"there has no image {nothing}"):
            client.manifest(nothing)
        with pytest.raises(RegistryError, match=f"has no blob {nothing} in there") as caught:
            client.blob(nothing, 5)
    assert "push it again" in caught.value.advice


@pytest.mark.parametrize("wanted", ["../../x", "v1?a=b", "", "sha256:short", "a\nb"])
def test_a_tag_does_not_become_another_address(registry: ThrowawayRegistry, wanted: str) -> None:
    before = len(registry.requests())
    with Registry(Reference.parse(f"{registry.host}/there")) as client:
        with pytest.raises(RegistryError, match="neither a tag nor a digest"):
            client.manifest(wanted)
        with pytest.raises(RegistryError, match="not a digest"):
            client.blob(wanted, None)
    assert len(registry.requests()) == before


def test_with_an_authority_of_its_own_and_a_login(
    closed_registry: ThrowawayRegistry, home: Path, tiny: Layout
) -> None:
    log_in(home, closed_registry.host)
    reference = Reference.parse(f"{closed_registry.host}/team/model:v1")
    with Registry(reference, ca_file=closed_registry.ca_file) as client:
        manifest = json.loads(client.manifest("v1").data)
        layer = manifest["layers"][0]
        assert client.blob(layer["digest"], layer["size"]).read() == tiny.layer


def test_docker_s_folder_for_authorities(
    closed_registry: ThrowawayRegistry,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_in(home, closed_registry.host)
    folder = tmp_path / "certs.d" / closed_registry.host
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(closed_registry.ca_file.read_bytes())
    monkeypatch.setattr("repro.registry.client.CERTIFICATES", tmp_path / "certs.d")
    with Registry(Reference.parse(f"{closed_registry.host}/team/model:v1")) as client:
        assert client.manifest("v1").data


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_authorities_of_the_environment(
    closed_registry: ThrowawayRegistry,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    log_in(home, closed_registry.host)
    monkeypatch.setenv(variable, str(closed_registry.ca_file))
    with Registry(Reference.parse(f"{closed_registry.host}/team/model:v1")) as client:
        assert client.manifest("v1").data


def test_an_authority_that_nobody_named_is_not_trusted(closed_registry: ThrowawayRegistry) -> None:
    reference = Reference.parse(f"{closed_registry.host}/team/model:v1")
    with Registry(reference) as client, pytest.raises(RegistryError, match="not trusted") as caught:
        client.manifest("v1")
    assert f"certs.d/{closed_registry.host}/ca.crt" in caught.value.advice


def test_an_authority_that_cannot_be_read(tmp_path: Path) -> None:
    reference = Reference.parse("localhost:1/x")
    with pytest.raises(RegistryError, match="no certificate authority can be read"):
        Registry(reference, ca_file=tmp_path / "missing")
    (tmp_path / "empty").write_text("nothing")
    with pytest.raises(RegistryError, match="no certificate authority can be read"):
        Registry(reference, ca_file=tmp_path / "empty")


def test_without_a_login_the_advice_is_to_log_in(closed_registry: ThrowawayRegistry) -> None:
    reference = Reference.parse(f"{closed_registry.host}/team/model:v1")
    with (
        Registry(reference, ca_file=closed_registry.ca_file) as client,
        pytest.raises(RegistryError, match="wants a login") as caught,
    ):
        client.manifest("v1")
    assert f"docker login {closed_registry.host}" in caught.value.advice


def test_a_wrong_password_is_tried_once_and_never_shown(
    closed_registry: ThrowawayRegistry, home: Path
) -> None:
    log_in(home, closed_registry.host, "open barley")
    reference = Reference.parse(f"{closed_registry.host}/wrong/password:v1")
    with (
        Registry(reference, ca_file=closed_registry.ca_file) as client,
        pytest.raises(RegistryError) as caught,
    ):
        client.manifest("v1")
    assert "barley" not in caught.value.message + caught.value.advice
    asked = [one for one in closed_registry.requests() if "wrong/password" in one.path]
    assert [one.status for one in asked] == [401, 401]


def test_elsewhere_than_on_this_machine_tls_is_a_must(
    registry: ThrowawayRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repro.registry.client.is_loopback", lambda _: False)
    before = len(registry.requests())
    with (
        Registry(Reference.parse(f"{registry.host}/there")) as client,
        pytest.raises(RegistryError, match="does not speak TLS"),
    ):
        client.manifest("latest")
    assert len(registry.requests()) == before


def test_threads_share_a_client(registry: ThrowawayRegistry, tiny: Layout) -> None:
    registry.push(tiny.source, "shared:v1")
    with Registry(Reference.parse(f"{registry.host}/shared")) as client:
        with ThreadPoolExecutor(8) as pool:
            documents = list(pool.map(client.manifest, ["v1"] * 40))
        assert len({document.digest for document in documents}) == 1
