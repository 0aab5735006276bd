"""What transformers makes of conversations, with each tokenizer's own chat template."""

import datetime as dt
import sys

from . import auto, conversations, found
from .record import Skip

NEEDS = ("transformers", "jinja2")
FAMILY = "template"
IMPACTS = ("prompt",)
COVERS = (
    "python.package:transformers",
    "python.package:jinja2",
    "python.package:markupsafe",
)
OVER = "tokenizer"
CLOCKS = ("transformers.utils.chat_template_utils", "transformers.tokenization_utils_base")
"""Modules whose `datetime` a template's strftime_now asks (4.45 to 5.23)."""


def jobs(fact):
    if fact["properties"].get("chat_templates"):
        return found.folder(fact, "tokenizer_config.json")
    return ()


def run(case, job):
    tokenizer = auto.tokenizer(job)
    if not hasattr(tokenizer, "apply_chat_template"):
        raise Skip("this release of transformers has no chat templates")
    for module in filter(None, map(sys.modules.get, CLOCKS)):
        if getattr(module, "datetime", None) is dt.datetime:
            module.datetime = conversations.FixedDate
    for name in conversations.CONVERSATIONS:
        for prompt in (False, True):
            case(
                name + ("+prompt" if prompt else ""),
                lambda name=name, prompt=prompt: tokenizer.apply_chat_template(
                    add_generation_prompt=prompt,
                    tokenize=False,
                    **_arguments(name),
                ),
                keep=prompt,
            )


def _arguments(name):
    told = conversations.conversation(name)
    return dict(told, conversation=told.pop("messages"))
