"""What Jinja makes of conversations, with each chat template, as engines in Python set it up."""

import json
import os

from . import conversations, found

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
    for label, template in _templates(job["path"], config):
        for name in conversations.CONVERSATIONS:
            for prompt in (False, True):
                case(
                    "%s/%s%s" % (label, name, "+prompt" if prompt else ""),
                    lambda template=template, name=name, prompt=prompt: environment.from_string(
                        template
                    ).render(
                        add_generation_prompt=prompt, **dict(tokens, **_arguments(name))
                    ),
                    keep=prompt,
                )


def _arguments(name):
    return dict({"tools": None, "documents": None}, **conversations.conversation(name))


def _refuse(message):
    raise ValueError(message)


def _templates(folder, config):
    """(name, template) of each template that a tokenizer's folder has."""
    for place, value in ((CONFIG, config), (DOCUMENT, _document(folder, DOCUMENT))):
        found_here = value.get("chat_template")
        if isinstance(found_here, str):
            yield place, found_here
        for entry in found_here if isinstance(found_here, list) else ():
            yield "%s:%s" % (place, entry["name"]), entry["template"]
    paths = [(TEXT, os.path.join(folder, TEXT))]
    names = os.listdir(os.path.join(folder, MORE)) if os.path.isdir(os.path.join(folder, MORE)) else []
    paths += [(name, os.path.join(folder, MORE, name)) for name in sorted(names)]
    for name, path in paths:
        if os.path.exists(path) and name.endswith(".jinja"):
            with open(found.checked(path), encoding="utf-8") as stream:
                yield name, stream.read()


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
