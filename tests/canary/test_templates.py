"""Conversations are rendered with the templates that are there, and changes in that are caught."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from lab.venvs import interpreter
from repro.manifest import Absent
from tests.canary.measuring import between, canary, changed, shipped, taken, tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Manifest

DATED = "{{ strftime_now('%d %b %Y') }}{% for m in messages %}\n    {{ m.role }}\n{% endfor %}"


def folder(path: Path, template: object, **more: Any) -> Path:
    """Make a tokenizer's folder with a template in its tokenizer_config.json."""
    path.mkdir()
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template, **more}
    (path / "tokenizer_config.json").write_text(json.dumps(config))
    return path


@cache
def jinja(version: str) -> str:
    return interpreter(f"jinja2=={version}", "markupsafe==2.1.5", resolve=False)


def rendered(*folders: Path, version: str = "3.1.6") -> Manifest:
    found = (tokenizer(path, chat_templates={"any": {"default": "sha256:0"}}) for path in folders)
    return taken(jinja(version), *found, packages=("jinja2",))


def results(found: Manifest, name: str) -> dict[str, Any]:
    told: dict[str, Any] = canary(found, name).properties["results"]
    return told


def test_releases_of_jinja_that_render_alike_are_equal() -> None:
    paths = [shipped("deepseek3"), shipped("qwen")]
    old, new = (rendered(*paths, version=version) for version in ("3.1.2", "3.1.6"))
    for path in paths:
        assert between(old, new, f"template/jinja:{path.name}").equal


def test_every_template_of_a_folder_is_rendered_with_its_special_tokens(tmp_path: Path) -> None:
    both = [{"name": name, "template": name + "{{ bos_token }}"} for name in ("default", "rag")]
    path = folder(tmp_path / "t", both, bos_token={"content": "<s>"})
    (path / "chat_template.jinja").write_text("{{ messages[0].content }}|{{ bos_token }}")
    (path / "chat_template.json").write_text('{"chat_template": "json"}')
    (path / "additional_chat_templates").mkdir()
    (path / "additional_chat_templates" / "tool_use.jinja").write_text("more")
    told = results(rendered(path), "template/jinja:t")
    values = {name: row.get("value") for name, row in told.items() if name.endswith("/user+prompt")}
    assert values == {
        "tokenizer_config.json:default/user+prompt": "default<s>",
        "tokenizer_config.json:rag/user+prompt": "rag<s>",
        "chat_template.json/user+prompt": "json",
        "chat_template.jinja/user+prompt": "Hello, world!|<s>",
        "additional_chat_templates/tool_use.jinja/user+prompt": "more",
    }


def test_a_date_in_a_template_is_the_same_on_each_day(tmp_path: Path) -> None:
    told = results(rendered(folder(tmp_path / "t", DATED)), "template/jinja:t")
    assert told["tokenizer_config.json/user+prompt"]["value"] == "26 Jul 2024    user\n"
    assert dt.date.today().isoformat() not in json.dumps(told)  # noqa: DTZ011


def test_a_template_that_reaches_for_the_interpreter_is_refused(tmp_path: Path) -> None:
    text = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    told = results(rendered(folder(tmp_path / "t", text)), "template/jinja:t")
    assert {row.get("error") for row in told.values()} == {"SecurityError"}


@pytest.mark.parametrize("value", [None, 7, [], [7], [{"name": 7}], {"x": 7}])
def test_what_is_no_template_is_none(tmp_path: Path, value: object) -> None:
    found = rendered(folder(tmp_path / "t", value))
    (told,) = (fact for fact in found.facts if fact.name == "template/jinja:t")
    assert isinstance(told, Absent)
    assert told.reason == "no chat template in its files"


def test_broken_templates_are_results_and_cost_nothing_else(tmp_path: Path) -> None:
    paths = [folder(tmp_path / "broken", "{% if %}"), folder(tmp_path / "good", "x")]
    found = rendered(*paths)
    errors = {row.get("error") for row in results(found, "template/jinja:broken").values()}
    assert errors == {"TemplateSyntaxError"}
    told = results(found, "template/jinja:good")
    assert told["tokenizer_config.json/user+prompt"]["value"] == "x"
    assert len(told) == 16


@cache
def transformers(version: str) -> str:
    return interpreter(
        f"transformers=={version}",
        "sentencepiece==0.2.1",
        "protobuf==3.20.3",
        "jinja2==3.1.6",
        "numpy==1.26.4",
    )


def rendered_by(version: str, *folders: Path) -> Manifest:
    found = (tokenizer(path, chat_templates={"any": {"default": "sha256:0"}}) for path in folders)
    return taken(transformers(version), *found, packages=("transformers", "jinja2"))


def with_words(path: Path, template: str) -> Path:
    """Make a folder that transformers can load: seven words, and a template."""
    folder(path, template)
    vocabulary = {word: index for index, word in enumerate(("[UNK]", "a", "b"))}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}
    document = {"version": "1.0", "added_tokens": [], "model": model}
    (path / "tokenizer.json").write_text(json.dumps(document))
    return path


def test_transformers_renders_the_template_with_a_fixed_date(tmp_path: Path) -> None:
    path = with_words(tmp_path / "t", DATED + "{{ tools | tojson }}")
    found = rendered_by("4.57.6", path, shipped("deepseek3"))
    told = results(found, "template/transformers:t")
    assert told["user+prompt"]["value"] == "26 Jul 2024    user\nnull"
    assert "Weather <now> & later, l'été" in told["tools+prompt"]["value"]
    own = results(found, "template/transformers:deepseek3")
    jinja_s = results(found, "template/jinja:deepseek3")
    for name, row in own.items():
        assert row["hash"] == jinja_s[f"tokenizer_config.json/{name}"]["hash"]
    assert "get_weather" in own["calls-text+prompt"]["value"]


@pytest.mark.heavy
def test_what_a_release_made_of_tools_and_of_dates_is_caught(tmp_path: Path) -> None:
    tools = with_words(tmp_path / "t", "{{ tools | tojson }}{{ messages[0].content }}")
    dated = with_words(tmp_path / "d", DATED)
    for path, old, new, case in (
        (tools, "4.41.2", "4.42.4", "tools+prompt"),
        (dated, "4.44.2", "4.45.2", "user+prompt"),
    ):
        sides = rendered_by(old, path), rendered_by(new, path)
        assert case in changed(*sides, f"template/transformers:{path.name}")[""]
