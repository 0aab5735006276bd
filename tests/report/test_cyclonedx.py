"""A manifest as a bill of materials, held to the schema and to a reader of package URLs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from repro.manifest import (
    Absent,
    Component,
    Layer,
    Origin,
    Target,
    Unreadable,
    assemble,
    load,
)
from repro.report import cyclonedx
from repro.report.plain import HOSTILE
from tests.report import cases

if TYPE_CHECKING:
    from repro.manifest import Fact, Manifest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "reports" / "demo.cdx.json"
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
DEBIAN = Component(
    scope="image",
    kind="os.release",
    name="os",
    version="12",
    source="file",
    properties={"id": "debian"},
)


def bill(manifest: Manifest) -> Any:
    """The bill, checked under the strict schema, with references of its own for all."""
    text = cyclonedx.render(manifest)
    assert VALIDATOR.validate_str(text) is None
    assert text == cyclonedx.render(manifest)
    found = json.loads(text)
    references = [each["bom-ref"] for each in found["components"]]
    assert len({*references, "target"}) == len(references) + 1
    return found


def of(*facts: Fact, **fields: Any) -> Any:
    return bill(assemble(Target(kind="image", name="app:v1"), facts, **fields))


def package(name: str, version: str | None, source: str, **properties: Any) -> Component:
    return Component(
        scope="image",
        kind="os.package",
        name=name,
        version=version,
        source=source,
        properties=properties,
    )


def values(properties: list[dict[str, str]]) -> dict[str, str]:
    assert all(each["name"].startswith("repro:") for each in properties)
    return {each["name"]: each["value"] for each in properties}


@pytest.mark.parametrize("name", ["manifests/schema-1.0", "manifests/schema-1.1", "demo/v1"])
def test_recorded_manifests_become_valid_bills(name: str) -> None:
    manifest = load(ROOT / "fixtures" / f"{name}.json")
    found = bill(manifest)
    known = [fact for fact in manifest.facts if isinstance(fact, Component)]
    parts = [fact for fact in known if fact.kind in cyclonedx.TYPES]
    assert len(found["components"]) == len(parts) > 0
    others = [p for p in found["properties"] if p["name"].count(":") >= 4]
    assert len(others) == len(manifest.facts) - len(parts), "no fact is lost"


def test_the_sample_is_what_the_export_writes() -> None:
    text = cyclonedx.render(load(ROOT / "fixtures" / "demo" / "v1.json"))
    if os.environ.get("REPRO_UPDATE_GOLDEN") == "1":
        SAMPLE.write_text(text, encoding="utf-8")
    assert SAMPLE.read_text(encoding="utf-8") == text


def test_the_validator_refuses_what_is_no_bill() -> None:
    broken = json.loads(cyclonedx.render(cases.manifest()))
    broken["components"][0]["type"] = "colour"
    assert VALIDATOR.validate_str(json.dumps(broken)) is not None


@pytest.mark.parametrize(
    ("fact", "purl"),
    [
        (cases.package("Typing_Extensions", "4.1"), "pkg:pypi/typing-extensions@4.1"),
        (cases.package("torch", "2.5.1+cu124"), "pkg:pypi/torch@2.5.1%2Bcu124"),
        (
            package("libssl3", "1:3.0.15-1~deb12u1", "dpkg", arch="amd64"),
            "pkg:deb/debian/libssl3@1:3.0.15-1~deb12u1?arch=amd64&distro=debian-12",
        ),
        (
            package("OpenIPMI", "1:2.0-4.el9", "rpm", arch="x86_64"),
            "pkg:rpm/debian/OpenIPMI@2.0-4.el9?arch=x86_64&distro=debian-12&epoch=1",
        ),
        (package("musl", "1.2.5-r0", "apk"), "pkg:apk/debian/musl@1.2.5-r0?distro=debian-12"),
        (package("busybox", "1.36", "text"), None),
        (
            Component(
                scope="image",
                kind="conda.package",
                name="numpy",
                version="2.1.0",
                source="conda-meta",
                properties={"build": "py311h_0", "channel": "conda-forge/linux-64"},
            ),
            "pkg:conda/numpy@2.1.0?build=py311h_0&channel=conda-forge%2Flinux-64",
        ),
        (Component(scope="image", kind="cuda.library", name="cudnn", source="soname"), None),
    ],
    ids=lambda value: value.name if isinstance(value, Component) else "",
)
def test_packages_have_package_urls(fact: Component, purl: str | None) -> None:
    found = next(each for each in of(DEBIAN, fact)["components"] if each["name"] == fact.name)
    assert found.get("purl") == purl


def test_a_package_of_an_unknown_distribution_has_no_package_url() -> None:
    (found,) = of(package("libssl3", "3.0", "dpkg"))["components"]
    assert "purl" not in found


def test_a_component_says_where_it_is_how_it_was_known_and_which_layer_brought_it() -> None:
    fact = cases.package("torch", "2.5.1", record="sha256:00", requires=["numpy>=1"])
    layer = Layer(digest="sha256:" + "a" * 64, step="RUN pip install torch")
    origin = Origin(layer=0, kind=fact.kind, name=fact.name, location=fact.location)
    (found,) = of(fact, layers=[layer], origins=[origin])["components"]
    assert found["evidence"]["occurrences"] == [{"location": fact.location}]
    assert values(found["properties"]) == {
        "repro:scope": "image",
        "repro:kind": "python.package",
        "repro:source": "metadata",
        "repro:location": fact.location,
        "repro:layer": layer.digest,
        "repro:layer:step": "RUN pip install torch",
        "repro:environment": "/opt/venv",
        "repro:record": "sha256:00",
        "repro:requires": '["numpy>=1"]',
    }


def test_a_thing_that_two_layers_are_named_for_has_none() -> None:
    fact = cases.package("torch", "2.5.1")
    layers = [Layer(digest="sha256:" + digit * 64) for digit in "ab"]
    origins = [
        Origin(layer=n, kind=fact.kind, name=fact.name, location=fact.location) for n in (0, 1)
    ]
    (found,) = of(fact, layers=layers, origins=origins)["components"]
    assert "repro:layer" not in values(found["properties"])


def test_the_three_states_stay_apart() -> None:
    found = of(
        Component(
            scope="process",
            kind="setting",
            name="TZ",
            source="environment",
            properties={"value": "UTC"},
        ),
        Absent(scope="image", kind="model", name="any", reason="no folder"),
        Unreadable(scope="image", kind="os.package", name="rpm", reason="too large"),
    )
    assert values(found["properties"]) == {
        "repro:fact:process:setting:TZ": "UTC",
        "repro:absent:image:model:any": "no folder",
        "repro:unreadable:image:os.package:rpm": "too large",
    }
    assert found["compositions"] == [{"aggregate": "incomplete", "assemblies": ["target"]}]
    assert of(DEBIAN)["compositions"][0]["aggregate"] == "unknown"


def test_the_bill_names_its_target_and_its_manifest() -> None:
    manifest = cases.manifest()
    found = bill(manifest)
    target = found["metadata"]["component"]
    assert (target["type"], target["name"]) == ("container", "registry.example/serve:2024.11")
    assert values(target["properties"])["repro:digest:whole"] == manifest.digests.whole
    other = bill(cases.manifest_of_nothing())
    assert other["metadata"]["component"]["type"] == "platform"
    assert other["serialNumber"] != found["serialNumber"]


@pytest.mark.parametrize(
    ("said", "stamp"),
    [
        ("2026-11-24T08:40:06Z", "2026-11-24T08:40:06+00:00"),
        ("2026-13-24T08:40:06Z", None),
        ("yesterday", None),
        (5, None),
    ],
)
def test_a_time_is_given_where_it_is_one(said: Any, stamp: str | None) -> None:
    found = of(volatile={"probed_at": said})
    assert found["metadata"].get("timestamp") == stamp


TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.just(
    cases.HOSTILE.replace("\ud800", "")
)


@settings(max_examples=60)
@given(TEXT, TEXT, TEXT, st.sampled_from(["python.package", "os.package", "conda.package", "x"]))
def test_whatever_the_text_the_bill_is_valid_and_inert(
    name: str, version: str, text: str, kind: str
) -> None:
    fact = Component(
        scope="image",
        kind=kind,
        name=name,
        version=version,
        source="dpkg",
        location=text,
        properties={"arch": text, text: [text]},
    )
    release = Component(
        scope="image", kind="os.release", name="os", source="file", properties={"id": text}
    )
    manifest = assemble(Target(kind="image", name=text), [fact, release])
    found = bill(manifest)
    assert set(HOSTILE.findall(cyclonedx.render(manifest))) == {"\n"}
    for each in found["components"]:
        if "purl" in each:
            parsed = PackageURL.from_string(each["purl"])
            assert each["purl"].isascii()
            assert parsed.type in {"pypi", "deb", "conda"}
            assert parsed.version == (version.strip() or None), "this reader strips"
