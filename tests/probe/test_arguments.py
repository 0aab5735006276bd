"""The arguments collector: known flags with values, others by name, no secret."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import arguments
from tests.probe.asking import ask, known, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

parse: Any = arguments.parse
HIDDEN = "hunter2-never-shown"


@pytest.mark.parametrize(
    ("line", "command", "flags"),
    [
        (
            ["vllm", "serve", "Qwen/Q2", "-tp", "2", "-O3", "--enforce-eager", "--max_model_len=8"],
            ["vllm", "serve", "Qwen/Q2"],
            {
                "--tensor-parallel-size": "2",
                "--optimization-level": "3",
                "--enforce-eager": None,
                "--max-model-len": "8",
            },
        ),
        (
            [
                "/usr/bin/python3.11",
                "-u",
                "-m",
                "vllm.entrypoints.openai.api_server",
                "--seed",
                "-1",
            ],
            ["/usr/bin/python3.11", "vllm.entrypoints.openai.api_server"],
            {"--seed": "-1"},
        ),
        (
            ["./llama-server", "-m", "/m/x.gguf", "-ngl", "99", "--jinja", "--host", "127.0.0.1"],
            ["./llama-server"],
            {"--model": "/m/x.gguf", "--n-gpu-layers": "99", "--jinja": None, "--host": None},
        ),
        (
            ["tini", "-g", "--", "python", "a.py", "--dtype", "x"],
            ["python", "a.py"],
            {"--dtype": "x"},
        ),
        (
            ["vllm", "--compilation-config.level", "3"],
            ["vllm"],
            {"--compilation-config.level": "3"},
        ),
        (["x", "--lora-modules", "a=b", "c=d"], ["x"], {"--lora-modules": "a=b c=d"}),
        (["x", "--seed", "1", "--seed", "2"], ["x"], {"--seed": "2"}),
        (["bash"], ["bash"], {}),
        ([], [], {}),
    ],
)
def test_a_command_line_is_split(
    line: list[str], command: list[str], flags: dict[str, str | None]
) -> None:
    assert parse(line) == (command, flags)


@pytest.mark.parametrize(
    ("script", "flags"),
    [
        ("cd /app && VLLM_X=1 exec vllm serve a/b --dtype 'bfloat16'", {"--dtype": "bfloat16"}),
        ("vllm serve a/b --seed 0 # --dtype x\n", {"--seed": "0"}),
        ("vllm \\\n  serve a/b \\\n --seed 0 > /log 2>&1", {"--seed": "0"}),
        ("sleep 1; (vllm --model 'a;b')", {"--model": "a;b"}),
        ("vllm --model $MODEL", {"--model": "$MODEL"}),
    ],
)
def test_a_shell_script_is_looked_into(script: str, flags: dict[str, str]) -> None:
    assert parse(["/bin/sh", "-c", script])[1] == flags
    assert parse(["bash", "-lc", script])[1] == flags


@pytest.mark.parametrize("script", ["a `b`", "a $(b) --seed 1", "open 'quote", "x" * 100000])
def test_a_script_that_hides_its_words_is_told(rooted: Rooted, script: str) -> None:
    found = ask(arguments, rooted, image={"Entrypoint": ["sh", "-c"], "Cmd": [script]})
    assert "shell script" in unread(found)["command"]


@pytest.mark.parametrize(
    "line",
    [
        ["vllm", "--api-key", HIDDEN, "--dtype", "x"],
        ["vllm", "--hf-token=" + HIDDEN],
        ["vllm", "--unknown", HIDDEN],
        ["server", "login", HIDDEN],
        ["A=" + HIDDEN, "server"],
        ["vllm", "--model", f"https://u:{HIDDEN}@host/m"],
        ["vllm", "--speculative-config", json.dumps({"hf_token": HIDDEN})],
        ["python", "-c", HIDDEN],
        ["sh", "-c", f"PASSWORD={HIDDEN} vllm --dtype x"],
        ["sh", "-c", f"echo {HIDDEN} | login"],
        ["vllm", "-k", HIDDEN],
        ["vllm", "--additional-config.api_key", HIDDEN],
    ],
)
def test_no_secret_is_kept(rooted: Rooted, line: list[str]) -> None:
    found = ask(arguments, rooted, image={"Cmd": line})
    assert found
    assert HIDDEN not in json.dumps(found)


def test_image_and_main_process_are_kept_apart(rooted: Rooted) -> None:
    rooted.put("/proc/1/cmdline", b"vllm\0serve\0a/b\0--dtype\0half\0")
    image = {"Entrypoint": ["vllm", "serve"], "Cmd": ["a/b", "--dtype", "auto"]}
    found = ask(arguments, rooted, image=image, running=True)
    values = {f["scope"]: f["properties"]["value"] for f in found if f["kind"] == "argument"}
    assert values == {"image": "auto", "process": "half"}
    words = {json.dumps(f["properties"]["words"]) for f in found if f["kind"] == "command"}
    assert words == {'["vllm", "serve", "a/b"]'}


def test_an_image_that_says_nothing_has_no_arguments(rooted: Rooted) -> None:
    assert ask(arguments, rooted) == []
    assert ask(arguments, rooted, image={"Entrypoint": None, "Cmd": []}) == []


def test_a_main_process_that_cannot_be_seen_is_told(rooted: Rooted) -> None:
    assert "/proc/1/cmdline" in unread(ask(arguments, rooted, running=True))["command"]


def test_hostile_lines_are_bounded(rooted: Rooted) -> None:
    start = time.monotonic()
    huge = ask(arguments, rooted, image={"Cmd": ["vllm", "--model", "a" * (10 << 20)]})
    assert len(known(huge, "argument", "--model")["properties"]["value"]) < 1000
    many = ask(arguments, rooted, image={"Cmd": ["x"] * 100000})
    assert "more than" in unread(many)["command"]
    odd = ask(arguments, rooted, image={"Cmd": ["\udcff", "--\udcfe=1", 5, "--dtype=\x1b[31m"]})
    assert known(odd, "argument", "--dtype")
    assert time.monotonic() - start < 5
