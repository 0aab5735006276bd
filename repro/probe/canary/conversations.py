"""The fixed conversations of the template canaries."""

import copy
import datetime as dt

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather <now> & later, l'été",
        "parameters": {
            "type": "object",
            "properties": {
                "unit": {"type": "string", "enum": ["°C", "°F"]},
                "city": {"type": "string", "description": 'A "place"'},
            },
            "required": ["city"],
        },
    },
}
"""Keys that are not sorted, and characters that HTML and ASCII write otherwise."""
CALL = {
    "id": "call12345",
    "type": "function",
    "function": {"name": "get_weather", "arguments": {"unit": "°C", "city": "Århus"}},
}
TEXT_CALL = dict(CALL, function=dict(CALL["function"], arguments='{"unit": "°C", "city": "Århus"}'))
"""The same as the OpenAI API has it: some templates take arguments as text, others as an object."""
ASKED = {"role": "user", "content": "Weather in Århus?"}


def _called(call):
    result = {"role": "tool", "tool_call_id": "call12345", "name": "get_weather"}
    return {
        "messages": [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            dict(result, content='{"degrees": -3}'),
        ],
        "tools": [TOOL],
    }


CONVERSATIONS = {
    "user": {"messages": [{"role": "user", "content": "Hello, world!"}]},
    "system": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Who are you?"},
        ]
    },
    "turns": {
        "messages": [
            {"role": "user", "content": "  Hi\n"},
            {"role": "assistant", "content": " Hello. "},
            {"role": "user", "content": "\nMore? "},
        ]
    },
    "tools": {"messages": [ASKED], "tools": [TOOL]},
    "calls": _called(CALL),
    "calls-text": _called(TEXT_CALL),
    "parts": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "Look "}, {"type": "text", "text": "here."}],
            }
        ]
    },
    "reasoning": {
        "messages": [
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "4", "reasoning_content": "Add them."},
            {"role": "user", "content": "Sure?"},
        ]
    },
}


def conversation(name):
    """A copy of a conversation's arguments: templates and libraries change what they are given."""
    return copy.deepcopy(CONVERSATIONS[name])


class FixedDate(dt.datetime):
    """A datetime whose now is always the same."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 12, 0, 0, tzinfo=tz)
