"""Prompts that a model folder's chat template gives through transformers."""

import os

from outputs import attempt, emit
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(os.environ["MODEL"])
ASK = {"role": "user", "content": "  Which trains leave before 9:00 & cost < 20 €?\n"}
SYSTEM = {"role": "system", "content": "You answer briefly.\nDates are ISO 8601."}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"type": "function", "function": {"name": "trains", "arguments": {"to": "Åre", "max": 20}}}
    ],
}
TOOL = {
    "type": "function",
    "function": {
        "name": "trains",
        "description": "Find trains <fast> & 'cheap'.",
        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
    },
}
TALKS = {
    "one": [ASK],
    "system": [SYSTEM, ASK],
    "turns": [SYSTEM, ASK, {"role": "assistant", "content": " Two. "}, ASK],
    "reasoned": [ASK, {"role": "assistant", "content": "<think>hm</think>\n\nTwo."}, ASK],
    "called": [ASK, CALL, {"role": "tool", "content": '[{"id": 7}]', "name": "trains"}],
}


def render(talk, **more):
    return tokenizer.apply_chat_template(talk, tokenize=False, **more)


found = {name: attempt(render, talk) for name, talk in TALKS.items()}
found["asked"] = attempt(lambda: render(TALKS["turns"], add_generation_prompt=True))
found["tools"] = attempt(lambda: render(TALKS["one"], tools=[TOOL], add_generation_prompt=True))
emit(found)
