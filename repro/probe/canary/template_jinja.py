"""What Jinja makes of conversations, with each chat template, as engines in Python set it up."""

import copy
import json
import os

from . import conversations, found
from .record import Skip

NEEDS = ("jinja2",)
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = ("python.package:jinja2", "python.package:markupsafe")
OVER = "tokenizer"
TOKENS = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token")
CONFIG, TEXT, DOCUMENT = "tokenizer_config.json", "chat_template.jinja", "chat_template.json"
MORE = "additional_chat_templates"


def jobs(fact):
    if fact["properties"].get("chat_templates"):
        return found.folder(fact, CONFIG, TEXT, DOCUMENT)
    return ()


def run(case, job):
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = conversations.FixedDate.now().strftime
    config = _document(job["path"], CONFIG)
    tokens = {name: text for name in TOKENS for text in [_text(config.get(name))] if text}
    templates = list(_templates(job["path"], config))
    if not templates:
        raise Skip("no chat template in its files")
    for label, template in templates:
        render = _renderer(environment, template)
        for name in conversations.CONVERSATIONS:
            told = dict(tokens, tools=None, documents=None)
            told.update(conversations.conversation(name))
            for prompt in (False, True):
                case(
                    "%s/%s%s" % (label, name, "+prompt" if prompt else ""),
                    lambda render=render, told=told, prompt=prompt: render(told, prompt),
                    keep=prompt,
                )


def _renderer(environment, template):
    compiled = []

    def render(told, prompt):
        if not compiled:
            compiled.append(environment.from_string(template))
        return compiled[0].render(add_generation_prompt=prompt, **copy.deepcopy(told))

    return render


def _refuse(message):
    raise ValueError(message)


def _templates(folder, config):
    """(name, template) of each template that a tokenizer's folder has."""
    for place, document in ((CONFIG, config), (DOCUMENT, _document(folder, DOCUMENT))):
        for name, template in _named(document.get("chat_template")):
            if isinstance(template, str):
                yield place + (":%s" % name if name else ""), template
    for name in (TEXT, *_names(os.path.join(folder, MORE))):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(found.checked(path), encoding="utf-8") as stream:
                yield name, stream.read()


def _named(value):
    """(name, template) of what a file has: one text, a list of objects, or an object by name."""
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        entries = [entry for entry in value if isinstance(entry, dict)]
        return [(entry.get("name"), entry.get("template")) for entry in entries]
    return [(None, value)]


def _names(folder):
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join(MORE, name) for name in names if name.endswith(".jinja")]


def _document(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return {}
    with open(found.checked(path), encoding="utf-8") as stream:
        document = json.load(stream)
    return document if isinstance(document, dict) else {}


def _text(token):
    """The text of a special token, which some files hold in an object."""
    value = token.get("content") if isinstance(token, dict) else token
    return value if isinstance(value, str) else None
