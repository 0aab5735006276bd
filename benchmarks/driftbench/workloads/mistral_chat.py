"""Prompts and ids of chats through mistral-common's own tokenizers."""

from mistral_common.protocol.instruct.messages import AssistantMessage, SystemMessage, UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from outputs import attempt, emit

USER = "Écris un poème court sur la pluie.\n\n 请写三行。"
TALKS = {
    "one": [UserMessage(content=USER)],
    "system": [SystemMessage(content="Be terse. "), UserMessage(content=USER)],
    "turns": [
        UserMessage(content="hello  "),
        AssistantMessage(content="Hi there!  "),
        UserMessage(content="continue"),
    ],
}
found = {}
for version in ("v1", "v3"):
    tokenizer = getattr(MistralTokenizer, version)()
    for name, talk in TALKS.items():
        request = ChatCompletionRequest(messages=talk, model="bench")
        coded = attempt(tokenizer.encode_chat_completion, request)
        found[f"{version}.{name}"] = (
            coded if isinstance(coded, str) else [list(coded.tokens), coded.text]
        )
emit(found)
