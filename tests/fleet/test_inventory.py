"""Inventories as Ansible reads them; what each file gives was compared with ansible-inventory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from repro.errors import UsageError
from repro.fleet.hosts import LARGEST, read
from repro.fleet.inventory import ini, nested
from repro.fleet.inventory.groups import InventoryError
from repro.fleet.inventory.patterns import expanded

if TYPE_CHECKING:
    from pathlib import Path

INI = """\
# all of them
lonely ansible_host=10.0.0.9 ansible_user="root"   # the odd one
[web]
web[01:03:2]:2222 ansible_user=deploy
web9 ansible_port=99
[gpu]
web01
h[1:2]
[gpu:vars]
ansible_user=gpu
ansible_port = 2200
[cluster:children]
gpu
web
[cluster:vars]
ansible_user=cluster
[all:vars]
ansible_user=everybody
"""
YAML = """\
all:
  hosts:
    lonely: {ansible_host: 10.0.0.9, ansible_port: 22}
  vars: {ansible_user: everybody}
  children:
    web:
      hosts:
        web[01:03]:
          ansible_port: 2222
    cluster:
      vars: {ansible_user: cluster}
      children:
        gpu:
          hosts: {web01: , h1: {ansible_user: own}}
          vars: {ansible_user: gpu}
"""


def engines(path: Path, text: str, *limits: str) -> dict[str, str | None]:
    path.write_text(text)
    found = read(path, limits)
    assert found.lost == ()
    return {each.name: each.engine for each in found.engines}


def lost(path: Path, text: str, *limits: str) -> dict[str, str]:
    path.write_text(text)
    return {each.name: each.reason for each in read(path, limits).lost}


def test_variables_of_nearer_groups_come_first(tmp_path: Path) -> None:
    assert engines(tmp_path / "hosts", INI) == {
        "h1": "ssh://gpu@h1:2200",
        "h2": "ssh://gpu@h2:2200",
        "lonely": "ssh://root@10.0.0.9",
        "web01": "ssh://deploy@web01:2222",
        "web03": "ssh://deploy@web03:2222",
        "web9": "ssh://cluster@web9:99",
    }


def test_groups_in_groups_of_yaml(tmp_path: Path) -> None:
    assert engines(tmp_path / "hosts.yml", YAML) == {
        "h1": "ssh://own@h1",
        "lonely": "ssh://everybody@10.0.0.9:22",
        "web01": "ssh://gpu@web01:2222",
        "web02": "ssh://everybody@web02:2222",
        "web03": "ssh://everybody@web03:2222",
    }


def test_what_ansible_inventory_prints(tmp_path: Path) -> None:
    said = {
        "_meta": {"hostvars": {"a": {"ansible_host": "10.0.0.1", "ansible_port": 22}, "b": {}}},
        "all": {"children": ["ungrouped", "gpu"]},
        "gpu": {"hosts": ["a", "b"]},
    }
    text = json.dumps(said)
    assert engines(tmp_path / "inventory.json", text) == {"a": "ssh://10.0.0.1:22", "b": "ssh://b"}
    assert list(engines(tmp_path / "inventory", text, "gpu")) == ["a", "b"]


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        (("gpu",), ["h1", "h2", "web01"]),
        (("cluster",), ["h1", "h2", "web01", "web03", "web9"]),
        (("web9,h*",), ["h1", "h2", "web9"]),
        (("h1", "ungrouped"), ["h1", "lonely"]),
        (("all",), ["h1", "h2", "lonely", "web01", "web03", "web9"]),
    ],
)
def test_a_limit_names_hosts_and_groups(
    tmp_path: Path, limits: tuple[str, ...], names: list[str]
) -> None:
    assert list(engines(tmp_path / "hosts", INI, *limits)) == names


@pytest.mark.parametrize("limit", ["nobody", "gpu,nobody", "!gpu", "h[0-9]x"])
def test_a_limit_that_fits_nobody_is_an_error(tmp_path: Path, limit: str) -> None:
    with pytest.raises(UsageError, match="--limit"):
        engines(tmp_path / "hosts", INI, limit)


def test_one_bad_line_in_a_thousand_is_named_and_the_others_count(tmp_path: Path) -> None:
    lines = [f"h{number} ansible_port=22" for number in range(1000)]
    lines[499] = "h499 ansible_port 22"
    path = tmp_path / "hosts"
    path.write_text("\n".join(lines))
    found = read(path)
    assert len(found.engines) == 999
    ((name, reason, _),) = found.lost
    assert (name, reason) == ("h499", "line 500: 'ansible_port' is no NAME=VALUE")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a ansible_port=http", "ansible_port is 'http'"),
        ("a ansible_port=70000", "ansible_port is '70000'"),
        ("a ansible_host=-oProxyCommand=x", "'-oProxyCommand=x' is nothing that ssh could be told"),
        ("a ansible_user='x y'", "'x y' is nothing that ssh could be told"),
        ("a ansible_host='{{ address }}'", "ansible_host is a template, which Ansible alone can"),
        ("a ansible_connection=winrm", "ansible_connection is 'winrm', which leads to no engine"),
        ("a 'open", "line 1: No closing quotation"),
        ("a[3:1]", "line 1: 'a[3:1]' stands for 0 hosts"),
        ("a[1:z]", "line 1: [1:z] is no range"),
        ("a[1:999999999]", "line 1: [1:999999999] stands for too many hosts"),
        ("a[1:9999]b[1:9999]", "stands for 99980001 hosts"),
        ("a[1", "has no range as [1:9] or [a:f]"),
    ],
)
def test_a_host_that_makes_no_sense_is_a_row(tmp_path: Path, line: str, said: str) -> None:
    ((name, reason),) = lost(tmp_path / "hosts", f"{line}\nb\n").items()
    assert name == line.split(maxsplit=1)[0]
    assert said in reason


def test_hosts_of_this_machine_and_of_other_engines(tmp_path: Path) -> None:
    text = "a ansible_connection=local\nb docker_host=tcp://b:2376\n"
    assert engines(tmp_path / "hosts", text) == {
        "a": "unix:///var/run/docker.sock",
        "b": "tcp://b:2376",
    }


def test_what_was_left_aside_is_said(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    path = tmp_path / "hosts"
    path.write_text("a ansible_ssh_private_key_file=/k\n")
    assert [note.partition(" ")[0] for note in read(path).notes] == [
        "ansible_ssh_private_key_file",
        "group_vars",
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("hosts", "", "no host is in it"),
        (
            "notes",
            "# Notes\nSome words of prose.\nMore of it.\nword\n",
            "it is no inventory: line 2",
        ),
        ("hosts", "[a:children]\nb\n[b:children]\na\n[a]\nh\n", "groups that are within themselv"),
        ("hosts.yml", "- a", "a table was expected"),
        ("hosts.yml", "a: [", "it is no YAML"),
        ("hosts.yml", "a: !!python/object/apply:os.system [id]", "it is no YAML"),
        ("hosts.json", "[]", "it is not what `ansible-inventory --list` prints"),
        ("hosts.json", "{", "it is not what `ansible-inventory --list` prints"),
        ("hosts.toml", "[[", "hosts.toml"),
    ],
)
def test_a_file_that_makes_no_sense_is_an_error(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read(path)
    assert said in raised.value.message


def test_a_file_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(UsageError, match="larger than 16 MiB"):
        read(path)


def test_aliases_that_multiply_or_go_round_end() -> None:
    lines = ["a0: &a0 {hosts: {h: }}"]
    lines += [f"a{n}: &a{n} {{children: {{x: *a{n - 1}, y: *a{n - 1}}}}}" for n in range(1, 60)]
    assert "h" in nested.from_yaml("\n".join(lines)).groups["x"].hosts
    nested.from_yaml("a: &a {hosts: {h: }, children: {a: *a}}")


def test_a_part_of_a_tree_that_makes_no_sense_is_a_row() -> None:
    found = nested.from_yaml("a: {hosts: [h]}\nb: {hosts: {h: 3, i: }}\nc: {hosts: {j: }}")
    assert {(each.name, each.reason) for each in found.lost} == {
        ("a", "hosts of a: a table was expected"),
        ("h", "its variables: a table was expected"),
    }
    assert set(found.resolved()) == {"i", "j"}
    listed = nested.from_json('{"a": {"hosts": 3}, "b": {"hosts": ["h"]}}')
    assert [each.name for each in listed.lost] == ["a"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a", ["a"]),
        ("a[1:3]", ["a1", "a2", "a3"]),
        ("a[08:10]", ["a08", "a09", "a10"]),
        ("[a:c].x", ["a.x", "b.x", "c.x"]),
        ("r[1:2]h[a:b]", ["r1ha", "r1hb", "r2ha", "r2hb"]),
        ("a[1:9:4]", ["a1", "a5", "a9"]),
    ],
)
def test_ranges(pattern: str, names: list[str]) -> None:
    assert expanded(pattern) == names


def test_a_circle_is_an_error_wherever_it_comes_from() -> None:
    circle: Any = {"a": {"children": ["b"], "hosts": ["h"]}, "b": {"children": ["a"]}}
    with pytest.raises(InventoryError, match="within themselves"):
        nested.from_json(json.dumps(circle)).resolved()


def test_a_group_that_is_named_before_its_hosts() -> None:
    found = ini.parse("[all:children]\ngpu\n[gpu]\nh\n")
    assert found.resolved()["h"][1] == {"all", "gpu"}
