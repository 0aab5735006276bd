"""A server that is asked: what it answers is recorded, and what it does wrong is said."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from lab.registry import make_certificates
from repro.diff import compare
from repro.errors import TargetError, UsageError
from repro.manifest import Absent, Component, Fact, Manifest, Unreadable, decode, encode
from repro.policy import Policy
from repro.rules.catalog import load
from repro.rules.finding import Status
from repro.rules.judge import judge
from repro.target.endpoint import snapshot
from repro.target.endpoint.address import Address
from repro.target.endpoint.asking import prompts, surfaces
from repro.target.endpoint.generation import parse
from repro.target.options import Options
from repro.target.resolve import snapshots
from repro.verdict import decide
from tests.registry.hostile import Exchange, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Behave = Callable[[Exchange], None]

QUICK = Options(canary_budget=4)
KEYS = ("REPRO_ENDPOINT_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, *PROXIES):
        monkeypatch.delenv(name, raising=False)


def say(exchange: Exchange, document: Any, status: int = 200, **headers: str) -> None:
    exchange.answer(status, json.dumps(document).encode(), **headers)


def generated(asked: dict[str, Any], shift: float = 0.0) -> dict[str, Any]:
    """Answer as vLLM does: the words of a prompt backwards, with numbers made of them."""
    text = str(asked.get("prompt") or asked["messages"])
    pieces = [*reversed(text[-12:])]
    numbers = [-(1 + ord(piece) % 7) / 8 + shift for piece in pieces]
    top = [{piece: n, "?": n - 0.5} for piece, n in zip(pieces, numbers, strict=True)]
    told = {"tokens": pieces, "token_logprobs": numbers, "top_logprobs": top}
    choice: dict[str, Any] = {"text": "".join(pieces), "finish_reason": "length", "logprobs": told}
    if "messages" in asked:
        content = [
            {"token": p, "logprob": n, "top_logprobs": [{"token": p, "logprob": n}]}
            for p, n in zip(pieces, numbers, strict=True)
        ]
        choice = {"message": {"content": "".join(pieces)}, "logprobs": {"content": content}}
    return {"choices": [choice], "system_fingerprint": "fp_1", "created": id(asked)}


def good(exchange: Exchange) -> None:
    """Be a server in order, of some engine."""
    path = exchange.asked.path
    if path == "/v1/models":
        say(exchange, {"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]})
    elif path == "/version":
        say(exchange, {"version": "0.11.0"})
    elif path == "/get_server_info":
        secret = {"api_key": "swordfish", "hf_token": "hf_secret0123456789"}
        say(exchange, {"dtype": "auto", "mem_fraction_static": 0.85, **secret})
    elif path.startswith("/v1/"):
        say(exchange, generated(json.loads(exchange.asked.body)))
    else:
        exchange.answer(404)


def instead(path: str, behave: Behave) -> Behave:
    """Be in order but for one path."""
    return lambda exchange: (behave if exchange.asked.path == path else good)(exchange)


def taken(behave: Behave, options: Options = QUICK) -> Manifest:
    with serving(behave) as server:
        manifest = snapshot(f"http://{server.host}", options)
    assert decode(encode(manifest)).digests == manifest.digests
    return manifest


def fact(manifest: Manifest, name: str, kind: str = "canary") -> Fact:
    found = [f for f in manifest.facts if (f.kind, f.name) == (kind, name)]
    assert len(found) == 1, [(f.kind, f.name) for f in manifest.facts]
    return found[0]


def reason(manifest: Manifest, name: str = "model/endpoint:completions") -> str:
    found = fact(manifest, name)
    assert isinstance(found, Unreadable)
    return found.reason


def properties(manifest: Manifest, name: str, kind: str = "canary") -> dict[str, Any]:
    found = fact(manifest, name, kind)
    assert isinstance(found, Component)
    return found.properties


def status(a: Manifest, b: Manifest) -> Status:
    comparison = compare(a, b)
    return decide(comparison, judge(comparison, load()), Policy()).status


# What is asked, and recorded


def test_there_are_fifty_prompts_each_under_its_own_name() -> None:
    names = [prompt.name for prompt in prompts().completions]
    assert len(names) == len(set(names)) == 50
    assert max(len(prompt.whole) for prompt in prompts().completions) > 2000
    assert all(question["max_tokens"] for each in surfaces() for _, question in each.questions)


def test_answers_are_recorded_with_all_their_bits() -> None:
    manifest = taken(good)
    told = properties(manifest, "model/endpoint:completions")
    assert told["cases"] == 50
    assert told["family"] == "model"
    value = told["results"]["zh"]["value"]
    assert value["tokens"] == [*reversed("中国最长的河流是")]
    assert value["text"] == "是流河的长最国中"
    numbers = [-(1 + ord(token) % 7) / 8 for token in value["tokens"]]
    assert [float.fromhex(text) for text in value["logprobs"]] == numbers
    assert [float.fromhex(text) for text in value["gaps"]] == [0.5] * len(numbers)
    assert properties(manifest, "model/endpoint:chat")["cases"] == 12
    assert "gaps" not in properties(manifest, "model/endpoint:chat")["results"]["chat-de"]["value"]
    assert properties(manifest, "model/endpoint:sampled")["cases"] == 8


def test_what_a_server_tells_of_itself_is_kept_but_its_secrets() -> None:
    manifest = taken(good)
    version = fact(manifest, "version", "server")
    assert isinstance(version, Component)
    assert version.version == "0.11.0"
    assert properties(manifest, "model", "server")["max_model_len"] == "4096"
    assert properties(manifest, "setting:mem-fraction-static", "server")["value"] == "0.85"
    assert properties(manifest, "fingerprint", "server")["value"] == ["fp_1"]
    assert isinstance(fact(manifest, "/props", "server"), Absent)
    assert b"secret" not in encode(manifest)
    assert b"swordfish" not in encode(manifest)


def test_the_same_server_is_identical() -> None:
    assert taken(good).digests == taken(good).digests
    assert status(taken(good), taken(good)) is Status.IDENTICAL


def test_another_answer_is_divergent_and_its_first_token_is_named() -> None:
    def other(exchange: Exchange) -> None:
        document = generated(json.loads(exchange.asked.body))
        document["choices"][0]["logprobs"]["tokens"][5] = "!"
        document["choices"][0]["text"] = "otherwise"
        say(exchange, document)

    comparison = compare(taken(good), taken(instead("/v1/completions", other)))
    finding = judge(comparison, load())[0]
    assert finding.status is Status.DIVERGENT
    assert "50 of 50 generations diverge" in finding.title
    assert "First at token 5" in finding.why
    assert "gap 0.5 (real)" in finding.why


def test_log_probabilities_that_move_a_little_are_rounding() -> None:
    def moved(exchange: Exchange) -> None:
        say(exchange, generated(json.loads(exchange.asked.body), shift=1e-6))

    comparison = compare(taken(good), taken(instead("/v1/completions", moved)))
    found = [(f.code, f.status) for f in judge(comparison, load())]
    assert found == [("ROUNDING", Status.SUSPECT), ("ROUNDING", Status.SUSPECT)]


def test_another_version_with_the_same_answers_has_no_effect() -> None:
    newer = taken(instead("/version", lambda exchange: say(exchange, {"version": "0.12.0"})))
    assert status(taken(good), newer) is Status.EQUIVALENT


def test_another_version_without_answers_is_suspect() -> None:
    def refuse(exchange: Exchange) -> None:
        if exchange.asked.path == "/version":
            say(exchange, {"version": str(exchange.server.server_port)})
        elif "completions" in exchange.asked.path:
            exchange.answer(404)
        else:
            good(exchange)

    assert status(taken(refuse), taken(refuse)) is Status.SUSPECT


# What servers do otherwise


def _counting() -> Callable[[], int]:
    numbers = iter(range(100_000))
    return lambda: next(numbers)


def test_answers_that_all_change_on_each_call_are_no_answer() -> None:
    """Two such servers have nothing in which they could be equal."""
    count = _counting()

    def changing(exchange: Exchange) -> None:
        say(exchange, {"choices": [{"text": f"answer {count()}"}]})

    first, second = (
        taken(instead("/v1/completions", changing)),
        taken(instead("/v1/completions", changing)),
    )
    assert reason(first) == "none of 50 prompts was answered alike twice"
    assert properties(first, "model/endpoint:sampled")["unstable"]
    assert status(first, second) is Status.INDETERMINATE
    assert status(taken(good), second) is Status.INDETERMINATE


def test_some_answers_that_change_on_each_call_are_nondeterministic() -> None:
    count = _counting()

    def changing(exchange: Exchange) -> None:
        asked = json.loads(exchange.asked.body)
        answer = generated(asked)
        if len(asked["prompt"]) > 200:
            answer = {"choices": [{"text": f"answer {count()}"}]}
        say(exchange, answer)

    first, second = (
        taken(instead("/v1/completions", changing)),
        taken(instead("/v1/completions", changing)),
    )
    told = properties(first, "model/endpoint:completions")
    assert told["unstable"]
    assert len(told["unstable"]) + len(told["results"]) == 50
    assert status(first, second) is not Status.DIVERGENT
    assert status(taken(good), second) is Status.SUSPECT


def test_a_first_answer_that_a_cache_changes_does_not_count() -> None:
    seen: set[bytes] = set()

    def cached(exchange: Exchange) -> None:
        cold = exchange.asked.body not in seen
        seen.add(exchange.asked.body)
        say(exchange, generated(json.loads(exchange.asked.body), shift=1e-7 * cold))

    told = properties(taken(instead("/v1/completions", cached)), "model/endpoint:completions")
    assert "unstable" not in told
    assert "loose" not in told
    assert told["results"] == properties(taken(good), "model/endpoint:completions")["results"]


def test_log_probabilities_that_change_on_each_call_are_left_out() -> None:
    count = _counting()

    def noisy(exchange: Exchange) -> None:
        say(exchange, generated(json.loads(exchange.asked.body), shift=1e-6 * count()))

    first, second = (
        taken(instead("/v1/completions", noisy)),
        taken(instead("/v1/completions", noisy)),
    )
    told = properties(first, "model/endpoint:completions")
    assert len(told["loose"]) == 50
    assert {*told["results"]["de"]["value"]} == {"text", "tokens"}
    assert status(first, second) is Status.IDENTICAL
    assert status(first, taken(good)) is Status.SUSPECT


def test_a_server_without_log_probabilities_is_asked_without() -> None:
    def plain(exchange: Exchange) -> None:
        asked = json.loads(exchange.asked.body)
        if "logprobs" in asked:
            say(exchange, {"error": {"message": "logprobs are not supported"}}, 400)
        else:
            say(exchange, {"choices": [{"text": "same"}]})

    told = properties(taken(instead("/v1/completions", plain)), "model/endpoint:completions")
    assert told["without"] == ["logprobs", "top_logprobs"]
    assert told["results"]["de"]["value"] == {"text": "same"}


def test_a_prompt_that_is_refused_is_a_result() -> None:
    def small(exchange: Exchange) -> None:
        if len(exchange.asked.body) > 2000:
            say(exchange, {"error": {"message": "too long"}}, 400)
        else:
            good(exchange)

    told = properties(taken(instead("/v1/completions", small)), "model/endpoint:completions")
    refused = [name for name, result in told["results"].items() if "error" in result]
    assert refused == ["long-repeated", "long-needle"]
    assert told["results"]["long-needle"]["error"] == "HTTP 400"


def test_a_server_that_refuses_all_has_measured_nothing() -> None:
    def none(exchange: Exchange) -> None:
        say(exchange, {"error": {"message": "no template"}}, 400)

    said = reason(taken(instead("/v1/completions", none)))
    assert said == "the server takes no prompt: /v1/completions answers 400: no template"


def test_a_path_that_is_not_offered_is_absent() -> None:
    manifest = taken(instead("/v1/chat/completions", lambda exchange: exchange.answer(404)))
    found = fact(manifest, "model/endpoint:chat")
    assert isinstance(found, Absent)
    assert "/v1/chat/completions answers 404" in found.reason


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "which is no answer"),
        (b"<html>Bad gateway</html>", "which is no answer"),
        (b'data: {"choices": []}\n\n', "which is no answer"),
        (b"[1]", "Expected `object`"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": [{}]}', "no text"),
        (b'{"choices": [{"text": 3}]}', "Expected `str | null`"),
        (b'{"choices": [{"text": "\xff"}]}', "which is no answer"),
        (b'{"choices": ' + b"[" * 100_000, "which is no answer"),
        (b'{"error": {"message": "CUDA out of memory"}}', "CUDA out of memory"),
    ],
)
def test_garbage_is_no_answer(body: bytes, said: str) -> None:
    behave = instead("/v1/completions", lambda exchange: exchange.answer(200, body))
    assert said in reason(taken(behave))


@pytest.mark.parametrize(
    ("number", "known"), [("1e999", False), ("null", False), ("-9999.0", True), ("-1", True)]
)
def test_numbers_that_are_none_are_left_out(number: str, known: bool) -> None:
    text = '{"choices": [{"text": "a", "logprobs": {"tokens": ["a"], "token_logprobs": [%s]}}]}'
    try:
        value = parse((text % number).encode()).result()["value"]
    except ValueError:
        value = {"text": "a", "tokens": ["a"]}  # The parser may refuse it as a whole.
    assert ("logprobs" in value) is known
    assert value["tokens"] == ["a"]


def parts(*texts: str, finish: str | None = "length") -> bytes:
    said: list[dict[str, Any]] = [{"delta": {"role": "assistant"}}]
    said += [{"delta": {"content": text}} for text in texts]
    said += [{"delta": {}, "finish_reason": finish}]
    lines = (json.dumps({"choices": [choice], "system_fingerprint": "f"}) for choice in said)
    return b"".join(b"data: %s\n\n" % line.encode() for line in lines)


def test_an_answer_in_parts_that_nobody_asked_for_is_joined() -> None:
    for end in (b"", b"data: [DONE]\n\n"):
        found = parse(parts("Par", "is") + end)
        assert (found.text, found.finish, found.fingerprint, found.tokens) == (
            "Paris",
            "length",
            "f",
            (),
        )


@pytest.mark.parametrize(
    "data", [parts("Par", finish=None), b"data: ", b"data: {", b"data: 7\n\n", b"data: [DONE]\n"]
)
def test_an_answer_in_parts_that_breaks_off_is_none(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(data)


def test_endless_answers_are_cut() -> None:
    def endless(exchange: Exchange) -> None:
        exchange.head(200, None, Connection="close")
        while not exchange.server.over.is_set():
            exchange.wfile.write(b" " * 65536)

    assert "longer than the 4194304 bytes" in reason(taken(instead("/v1/completions", endless)))


def test_a_server_that_stalls_costs_its_budget_and_no_more() -> None:
    def mute(exchange: Exchange) -> None:
        exchange.server.over.wait(30)

    began = time.monotonic()
    said = reason(taken(instead("/v1/completions", mute), Options(canary_budget=3)))
    assert "does not answer in time" in said
    assert "3 s were used up" in said
    assert time.monotonic() - began < 10


def test_a_server_that_drips_is_cut() -> None:
    def drip(exchange: Exchange) -> None:
        exchange.head(200, None, Connection="close")
        exchange.drip(b" ")

    said = reason(taken(instead("/v1/completions", drip), Options(canary_budget=3)))
    assert "stalled" in said


def test_a_server_that_hangs_up_is_asked_again_and_then_left() -> None:
    def drop(exchange: Exchange) -> None:
        exchange.close_connection = True
        exchange.head(200, 1000)

    assert "broke off" in reason(taken(instead("/v1/completions", drop)))


def test_what_came_before_a_failure_is_kept_and_the_rest_is_not_passed_over() -> None:
    def failing(exchange: Exchange) -> None:
        if b"2718" in exchange.asked.body:
            exchange.answer(500)
        else:
            good(exchange)

    late = Options(canary_budget=6)
    manifest = taken(instead("/v1/completions", failing), late)
    whole = [prompt.name for prompt in prompts().completions]
    assert 0 < properties(manifest, "model/endpoint:completions")["cases"] < len(whole)
    assert "500" in reason(manifest, "model/endpoint:completions.rest")
    assert status(manifest, manifest) is Status.INDETERMINATE


def test_time_that_is_used_up_says_so() -> None:
    def slow(exchange: Exchange) -> None:
        exchange.server.over.wait(0.3)
        good(exchange)

    manifest = taken(instead("/v1/completions", slow), Options(canary_budget=3))
    assert reason(manifest, "model/endpoint:completions.rest").startswith("not run: the 3 s")
    assert reason(manifest, "model/endpoint:chat").startswith("not run: the 3 s")
    assert properties(manifest, "model/endpoint:completions")["cases"] > 1


def test_a_busy_server_is_waited_for() -> None:
    busy = {"left": 2}

    def later(exchange: Exchange) -> None:
        busy["left"] -= 1
        if busy["left"] >= 0:
            exchange.answer(429, Retry_After="1")
        else:
            good(exchange)

    manifest = taken(instead("/v1/completions", later), Options(canary_budget=20))
    assert properties(manifest, "model/endpoint:completions")["cases"] == 50


def test_a_server_that_is_always_busy_is_not_waited_for_long() -> None:
    behave = instead("/v1/completions", lambda e: e.answer(429, Retry_After="3600"))
    assert "answers 429" in reason(taken(behave, Options(canary_budget=3)))


# Who may be asked, and with which key


def test_nobody_there_is_an_error_before_anything_starts() -> None:
    with serving(good) as server:
        url = f"http://{server.host}"
    with pytest.raises(TargetError, match="refuses connections"):
        snapshots("local", Options(endpoint=url, canary_budget=3))


@pytest.mark.parametrize("code", [401, 403])
def test_a_key_that_is_missing_is_an_error_that_names_the_variable(code: int) -> None:
    with pytest.raises(TargetError, match=str(code)) as caught:
        taken(lambda exchange: exchange.answer(code))
    assert "REPRO_ENDPOINT_KEY" in caught.value.advice


def test_the_key_is_sent_and_never_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_ENDPOINT_KEY", "key-of-mine")
    with serving(good) as server:
        manifest = snapshot(f"http://{server.host}", QUICK)
    assert {asked.authorization for asked in server.asked} == {"Bearer key-of-mine"}
    assert b"key-of-mine" not in encode(manifest)


def test_openai_s_key_goes_where_its_client_would_send_it() -> None:
    key = {"OPENAI_API_KEY": "theirs"}
    assert Address.parse("http://127.0.0.1:1", key).key is None
    assert Address.parse("https://api.openai.com/v1", key).key == "theirs"
    base = {**key, "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    assert Address.parse("http://127.0.0.1:1", base).key == "theirs"
    assert Address.parse("http://127.0.0.1:2", base).key is None
    assert Address.parse("http://127.0.0.1:1", {**base, "REPRO_ENDPOINT_KEY": "mine"}).key == "mine"


def test_a_redirect_to_elsewhere_gets_no_key_and_no_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPRO_ENDPOINT_KEY", "key-of-mine")
    with serving(good) as other:

        def away(exchange: Exchange) -> None:
            exchange.answer(307, Location=f"http://{other.host}{exchange.asked.path}")

        with serving(away) as server:
            manifest = snapshot(f"http://{server.host}", QUICK)
    assert {asked.authorization for asked in other.asked} == {None}
    assert {asked.method for asked in other.asked} == {"GET"}
    assert "redirects a question" in reason(manifest)


def test_a_key_does_not_go_over_the_network_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_ENDPOINT_KEY", "key-of-mine")
    with pytest.raises(TargetError, match="without encryption"):
        snapshot("http://192.0.2.1:8000", QUICK)


@pytest.mark.parametrize("key", ["a b", "a\nHost: evil", "ä"])
def test_a_key_that_could_break_a_header_is_refused(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse("http://127.0.0.1:1", {"REPRO_ENDPOINT_KEY": key})
    assert key not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        *(
            "127.0.0.1:8000",
            "ftp://host",
            "http://",
            "http://[::1",
            "http://a:99999",
            "file:///etc",
        ),
        *("http://user:pw7@host", "http://key@host", "http://host?key=1"),
    ],
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse(text, {})
    assert "pw7" not in caught.value.message


def test_an_address_ends_where_its_server_does() -> None:
    for text in ("http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"):
        assert Address.parse(text, {}).base == "http://h:1"
    assert Address.parse("http://h:1/proxy/v1#lora", {}).base == "http://h:1/proxy"
    assert Address.parse("http://h:1/proxy/v1#lora", {}).model == "lora"


def test_tls_with_an_authority_of_its_own(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    with serving(good, tls=tmp_path) as server:
        url = f"https://localhost:{server.server_port}"
        with pytest.raises(TargetError, match="not trusted"):
            snapshot(url, QUICK)
        manifest = snapshot(
            url, Options(ca_file=str(tmp_path / "trust" / "ca.crt"), canary_budget=20)
        )
    assert properties(manifest, "model/endpoint:completions")["cases"] == 50


def test_a_model_is_chosen_by_its_name() -> None:
    def two(exchange: Exchange) -> None:
        say(exchange, {"data": [{"id": "base"}, {"id": "lora"}, {"id": 3}, "x"]})

    with serving(instead("/v1/models", two)) as server:
        manifest = snapshot(f"http://{server.host}#lora", QUICK)
        asked = [a for a in server.asked if a.method == "POST"]
        with pytest.raises(TargetError, match="no such model") as caught:
            snapshot(f"http://{server.host}#other", QUICK)
    assert {json.loads(each.body)["model"] for each in asked} == {"lora"}
    assert properties(manifest, "model", "server")["value"] == "lora"
    assert "base, lora" in caught.value.advice


def test_a_server_that_lists_no_models_is_asked_all_the_same() -> None:
    manifest = taken(instead("/v1/models", lambda exchange: exchange.answer(404)))
    assert isinstance(fact(manifest, "model", "server"), Absent)
    assert properties(manifest, "model/endpoint:completions")["cases"] == 50


# Beside other targets


def test_what_was_not_seen_of_a_server_is_not_equal_to_what_was() -> None:
    (here,) = snapshots("local", Options(frameworks=False))
    comparison = compare(taken(good), here)
    assert comparison.scopes.compared == ("process",)
    assert status(taken(good), here) is Status.INDETERMINATE


def test_an_image_that_is_read_and_a_server_have_nothing_in_common(tmp_path: Path) -> None:
    (read,) = snapshots(f"dir:{tmp_path}", Options())
    comparison = compare(taken(good), read)
    assert comparison.scopes.compared == ()
    assert status(taken(good), read) is Status.INDETERMINATE


@pytest.mark.parametrize(
    "target", ["dir:/nowhere", "docker:app", "registry:h/a", "endpoint:http://h"]
)
def test_what_is_read_has_no_server(target: str) -> None:
    with pytest.raises(UsageError):
        snapshots(target, Options(endpoint="http://127.0.0.1:1"))


def test_a_server_alone_takes_no_options_of_images() -> None:
    with pytest.raises(UsageError, match="--gpus"):
        snapshots("endpoint:http://127.0.0.1:1", Options(gpus="all"))


def test_a_server_beside_a_target_is_added_to_its_facts() -> None:
    with serving(good) as server:
        options = Options(endpoint=f"http://{server.host}", frameworks=False)
        (manifest,) = snapshots("local", options)
    assert properties(manifest, "model/endpoint:completions")["cases"] == 50
    assert manifest.target.name == "local"
    assert any(f.kind == "cpu" and f.scope == "host" for f in manifest.facts)
