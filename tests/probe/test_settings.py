"""The settings collector: values of known variables, names of others, and no secret."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import settings, values, variables
from tests.probe.asking import ask, known, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

HIDDEN = "hunter2-never-shown"


def test_a_known_variable_has_its_value_and_another_its_name(rooted: Rooted) -> None:
    found = ask(settings, rooted, environ={"VLLM_BATCH_INVARIANT": "1", "MY_OWN": HIDDEN})
    assert known(found, "setting", "VLLM_BATCH_INVARIANT")["properties"] == {"value": "1"}
    assert known(found, "environment", "names")["properties"] == {"names": ["MY_OWN"]}
    assert HIDDEN not in json.dumps(found)


def test_image_and_process_are_kept_apart(rooted: Rooted) -> None:
    image = {"Env": ["TZ=Asia/Tokyo", "NAME=x", "=", "broken", 5]}
    found = ask(settings, rooted, environ={"TZ": "UTC"}, image=image)
    assert known(found, "image.env", "TZ")["properties"]["value"] == "Asia/Tokyo"
    assert known(found, "image.env", "TZ")["scope"] == "image"
    assert known(found, "setting", "TZ")["properties"]["value"] == "UTC"
    assert {f["scope"] for f in found if f["kind"] == "environment"} == {"image", "process"}


def test_what_every_container_gets_anew_is_not_even_named(rooted: Rooted) -> None:
    environ = {"HOSTNAME": "a", "DB_SERVICE_HOST": "1", "DB_PORT_5432_TCP_ADDR": "1", "SHLVL": "1"}
    found = ask(settings, rooted, environ=environ)
    assert known(found, "environment", "names")["properties"] == {"names": []}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("HF_TOKEN", True),
        ("VLLM_API_KEY", True),
        ("apiKey", True),
        ("HFTOKEN", True),
        ("--hf-token", True),
        ("DB_PASSWORD", True),
        ("TOKENIZERS_PARALLELISM", False),
        ("MAX_INPUT_TOKENS", False),
        ("TIKTOKEN_CACHE_DIR", False),
        ("KEYBOARD", False),
        ("VLLM_ATTENTION_BACKEND", False),
    ],
)
def test_secrets_are_told_by_whole_words(name: str, *, secret: bool) -> None:
    ask_secret: Any = values.secret
    assert ask_secret(name) is secret


def test_no_known_variable_looks_like_a_secret() -> None:
    looks: Any = values.secret
    assert [name for name in variables.NAMES if looks(name)] == []
    assert len(variables.NAMES) > 200
    assert all(re.fullmatch(r"[A-Z0-9_]+", name) for name in variables.NAMES)


@pytest.mark.parametrize(
    "value",
    [
        f"https://user:{HIDDEN}@host/x",
        f"https://host/x?token={HIDDEN}&a=1",
        f'{{"api_key": "{HIDDEN}"}}',
        f"sk-{HIDDEN}",
        "x" * 5000 + f" https://user:{HIDDEN}@host",
    ],
)
def test_secrets_inside_the_value_of_a_known_variable_are_taken_out(
    rooted: Rooted, value: str
) -> None:
    found = ask(settings, rooted, environ={"HF_ENDPOINT": value})
    shown = known(found, "setting", "HF_ENDPOINT")["properties"]["value"]
    assert HIDDEN not in shown


def test_a_huge_value_is_bounded_and_its_difference_still_shows(rooted: Rooted) -> None:
    def shown(value: str) -> str:
        found = ask(settings, rooted, environ={"XLA_FLAGS": value})
        text: str = known(found, "setting", "XLA_FLAGS")["properties"]["value"]
        return text

    start = time.monotonic()
    one, two = shown("a" * (10 << 20)), shown("a" * (10 << 20) + "b")
    assert len(one) < 1000
    assert one != two
    assert time.monotonic() - start < 5


def test_bytes_that_are_no_text_stay_encodable(rooted: Rooted) -> None:
    found = ask(settings, rooted, environ={"LANG": "\udcff\x1b[31m", "\udcfe": "x"})
    assert known(found, "setting", "LANG")["properties"]["value"] == "\\xff\x1b[31m"
    assert known(found, "environment", "names")["properties"]["names"] == ["\\xfe"]


def test_a_running_target_is_asked_by_its_main_process(rooted: Rooted) -> None:
    rooted.put("/proc/1/environ", b"LANG=C\0OMP_NUM_THREADS=4\0BAD\xff=\xfe\0\0")
    found = ask(settings, rooted, environ={"LANG": "other"}, running=True)
    assert known(found, "setting", "LANG")["properties"]["value"] == "C"
    assert known(found, "setting", "OMP_NUM_THREADS")["source"] == "/proc/1/environ"


@pytest.mark.parametrize("how", ["missing", "denied", "empty", "fifo"])
def test_a_main_process_that_cannot_be_asked_is_told(rooted: Rooted, how: str) -> None:
    if how == "fifo":
        rooted.put_fifo("/proc/1/environ")
    elif how != "missing":
        rooted.put("/proc/1/environ", b"" if how == "empty" else b"LANG=C\0")
    rooted.denied = {"/proc/1/environ"} if how == "denied" else set()
    found = ask(settings, rooted, environ={"LANG": "own"}, running=True)
    assert "own environment used" in unread(found)["/proc/1/environ"]
    assert known(found, "setting", "LANG")["properties"]["value"] == "own"


def test_layers_that_do_not_run_have_the_image_scope_alone(rooted: Rooted) -> None:
    found = ask(settings, rooted, live=False, image={"Env": ["TZ=UTC"]}, environ={"LANG": "C"})
    assert {f["scope"] for f in found} == {"image"}


def test_nccl_files_are_read_by_the_same_rules(rooted: Rooted) -> None:
    rooted.put("/etc/nccl.conf", "# c\nNCCL_ALGO=Ring\nname=x\nNCCL_AUTH_TOKEN=y\nkind = z\n\xff")
    rooted.put("/home/u/.nccl.conf", "NCCL_PROTO = LL \n")
    found = [
        f for f in ask(settings, rooted, environ={"HOME": "/home/u"}) if f["name"] == "nccl.conf"
    ]
    assert {f["location"]: f["properties"] for f in found} == {
        "/etc/nccl.conf": {"NCCL_ALGO": "Ring"},
        "/home/u/.nccl.conf": {"NCCL_PROTO": "LL"},
    }


def test_an_nccl_file_that_cannot_be_read_is_told(rooted: Rooted) -> None:
    rooted.put_fifo("/etc/nccl.conf")
    assert unread(ask(settings, rooted)) == {"nccl.conf": "not a regular file"}


def zone(rooted: Rooted, **environ: str) -> tuple[str, str]:
    fact = known(ask(settings, rooted, environ=environ), "setting", "timezone")
    return fact["properties"]["value"], fact["source"]


def test_the_time_zone_is_that_of_tzset(rooted: Rooted) -> None:
    assert zone(rooted) == ("UTC", "default")
    rooted.put("/usr/share/zoneinfo/Asia/Tokyo", b"TZif")
    rooted.put_link("/etc/localtime", "/usr/share/zoneinfo/Asia/Tokyo")
    assert zone(rooted) == ("Asia/Tokyo", "/etc/localtime")
    assert zone(rooted, TZ=":Europe/Oslo") == ("Europe/Oslo", "TZ")


def test_a_copied_time_zone_is_known_by_name_or_content(rooted: Rooted) -> None:
    rooted.put("/etc/localtime", b"TZif2")
    assert zone(rooted)[0].startswith("sha256:")
    rooted.put("/etc/timezone", "Europe/Rome\n")
    assert zone(rooted) == ("Europe/Rome", "/etc/timezone")


def test_a_time_zone_that_cannot_be_read_is_told(rooted: Rooted) -> None:
    rooted.put_fifo("/etc/localtime")
    assert unread(ask(settings, rooted)) == {"timezone": "not a regular file"}
