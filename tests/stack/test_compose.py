"""A compose file says who is meant to run, and nothing that it holds is obeyed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from repro.errors import UsageError
from repro.stack.compose import LIMIT, Declared, declared

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = "services:\n  web: {image: a}\n  db: {image: b, profiles: [gpu, big]}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(9 * [f'*{old}'])}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {k: v}\n" + "".join(
    f"{new}: &{new} {{<<: [{','.join(9 * [f'*{old}'])}]}}\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def read(folder: Path, text: str, **environment: str) -> Declared:
    folder.mkdir(exist_ok=True)
    path = folder / "compose.yaml"
    path.write_text(text)
    return declared(path, environment)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(folder, text)
    assert caught.value.advice
    return caught.value.message.replace(str(folder), "")


def test_services_are_named_with_what_it_takes_to_start_them(tmp_path: Path) -> None:
    found = read(tmp_path / "Shop.2_x", SERVICES)
    assert found.services == {"web": "", "db": "in the profile gpu or big"}
    assert found.project == "shop2_x"


def test_a_project_is_named_as_compose_names_it(tmp_path: Path) -> None:
    named = f"name: rag\n{SERVICES}"
    assert read(tmp_path, named).project == "rag"
    assert read(tmp_path, named, COMPOSE_PROJECT_NAME="other").project == "other"


def test_anchors_that_a_file_uses_are_no_hindrance(tmp_path: Path) -> None:
    text = "x-all: &all {restart: always, profiles: [p]}\nservices:\n  a: *all\n  b: {<<: *all}\n"
    assert list(read(tmp_path, text).services) == ["a", "b"]


@pytest.mark.parametrize("bomb", [BOMB, MERGES], ids=["lists", "merges"])
def test_a_bomb_of_aliases_is_never_expanded(tmp_path: Path, bomb: str) -> None:
    began = time.monotonic()
    assert read(tmp_path, bomb + SERVICES).services
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "/compose.yaml: a compose file is not a mapping"),
        ("- a\n", "/compose.yaml: a compose file is not a mapping"),
        ("name: x\n", "/compose.yaml: services is not a mapping"),
        ("services: {}\n", "/compose.yaml declares no services"),
        ("services:\n  '../x': {}\n", "/compose.yaml: no service may be called '../x'"),
        ("services:\n  a@b: {}\n", "/compose.yaml: no service may be called 'a@b'"),
        ("include: [other.yaml]\n" + SERVICES, "/compose.yaml includes other files, which are not"),
        (
            "x: &x {a: {}}\nservices:\n  <<: *x\n  b: {}\n",
            "/compose.yaml: services takes over another mapping, which is not read",
        ),
        ("name: ${NAME}\n" + SERVICES, "/compose.yaml: no project can be called '${NAME}'"),
        ("a: *nobody\n", "/compose.yaml is not YAML: found undefined alias"),
        ("[" * 100_000, "/compose.yaml is not YAML"),
        ("a: !!python/object/apply:os.system [x]\n" + SERVICES + "b: [", "/compose.yaml is not"),
        ("services:\n" + "".join(f"  s{n}: {{}}\n" for n in range(1001)), "declares 1001 services"),
        ("#" * (LIMIT + 1), "/compose.yaml is larger than 1 MiB"),
        ("\0", "/compose.yaml is not YAML"),
    ],
)
def test_a_file_that_says_nothing_sure_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_tag_is_not_obeyed(tmp_path: Path) -> None:
    text = f"x: !!python/object/apply:os.system ['touch {tmp_path}/owned']\n{SERVICES}"
    assert read(tmp_path, text).services
    assert not (tmp_path / "owned").exists()


def test_a_folder_stands_for_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text(SERVICES)
    assert declared(folder, {}).project == "shop"
    (folder / "compose.yaml").write_text(f"name: other\n{SERVICES}")
    assert declared(folder, {}).project == "other"


def test_a_large_file_is_read_quickly(tmp_path: Path) -> None:
    services = "".join(f"  s{n}: {{image: a, environment: [{'x, ' * 300}y]}}\n" for n in range(900))
    began = time.monotonic()
    assert len(read(tmp_path, f"services:\n{services}").services) == 900
    assert time.monotonic() - began < 10


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        declared(tmp_path / "compose.yaml", {})
