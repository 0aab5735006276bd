"""What mistral-common makes of the corpus and of conversations, with each of its files."""

import re

from . import corpus, found
from .conversations import conversation

NEEDS = ("mistral-common",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:mistral-common",)
OVER = "tokenizer"
INPUT = corpus.NAME
FILE = re.compile(r"tekken.*\.json|.+\.model\.v\d\w*")
CHATS = ("user", "system", "turns", "tools", "calls")


def jobs(fact):
    return found.files(fact, FILE.fullmatch)


def run(case, job):
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    tokenizer = MistralTokenizer.from_file(found.checked(job["path"]))
    raw = tokenizer.instruct_tokenizer.tokenizer

    def told(text):
        ids = raw.encode(text, bos=False, eos=False)
        return [ids, raw.decode(ids)]

    case.parts(corpus.texts(), corpus.telling(), ("ids", "decoded"), found.calm(told))
    framed = {"bos": True, "eos": True}
    case("framed", lambda: corpus.each(lambda text: raw.encode(text, **framed)), keep=False)
    for name in CHATS:
        case("chat/" + name, found.calm(lambda name=name: _chat(tokenizer, **conversation(name))))
    prefix = {"role": "assistant", "content": "The ", "prefix": True}
    messages = [{"role": "user", "content": "Go on."}, prefix]
    case("chat/prefix", found.calm(lambda: _chat(tokenizer, messages)))


def _chat(tokenizer, messages, tools=None):
    from mistral_common.protocol.instruct.request import ChatCompletionRequest

    request = ChatCompletionRequest(messages=messages, tools=tools)
    return tokenizer.encode_chat_completion(request).tokens
