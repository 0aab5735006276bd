"""Finds tokenizers: what each consists of, in parts that move token ids or prompts."""

import os
import re

from . import facts, gguf_model, search, tokenizer_config, tokenizer_json, values

MARKS = re.compile(
    r"tokenizer\.json|tokenizer\.model.*|spiece\.model|sentencepiece\.bpe\.model|"
    r"tekken.*\.json|.+\.tiktoken|vocab\.txt|tokenizer_config\.json"
)
"""One such file makes a directory a tokenizer's; so do vocab.json and merges.txt together."""

SHIPPED = re.compile(r".*tokenizer\.json|.*tokenizer.*\.model.*|tekken.*\.json|.+\.tiktoken")
"""The same inside a distribution, where a vocab.txt may be anything."""

LARGE = 8 << 20
"""Bytes of a JSON file beyond which only its bytes are compared: vocabularies are smaller."""

PARTS = re.compile(
    MARKS.pattern + r"|vocab\.json|merges\.txt|vocab\.bpe|encoder\.json|special_tokens_map\.json|"
    r"added_tokens\.json|chat_template\.(jinja|json)|sentencepiece\.model"
)
"""Files that belong to a tokenizer."""


def collect(files, context):
    """Yield one component a directory, and what could not be read of it."""
    survey, known = search.survey(files, context), 0
    for path, why in survey.faults:
        yield facts.unreadable(facts.IMAGE, "tokenizer", path, why)
    for directory in survey.directories:
        if _marked(directory.names):
            known += 1
            for fact in _tokenizer(files, directory):
                yield fact
        for fact in gguf_model.collect(files, survey, directory, "tokenizer"):
            known += 1
            yield fact
    for directory in search.packages(files, context):
        names = [name for name in directory.names if SHIPPED.fullmatch(name)]
        if names:
            known += 1
            for fact in _shipped(files, directory, names):
                yield fact
    if not known and not survey.faults:
        places = ", ".join(list(context.paths) + list(search.ROOTS) + survey.caches)
        why = "no tokenizer files under " + places
        yield facts.absent(facts.IMAGE, "tokenizer", "any", values.text(why))


def _marked(names):
    marked = any(MARKS.fullmatch(name) for name in names)
    return marked or ("vocab.json" in names and "merges.txt" in names)


def _tokenizer(files, directory):
    properties = {"files": {}, "content": {}, "revision": directory.revision}
    names = [name for name in directory.names if PARTS.fullmatch(name)]
    for name in names:
        path = os.path.join(directory.path, name)
        try:
            data = files.read(path)
            properties["files"][values.text(name)] = values.digest(data)
            understood = _understood(name, data)
            said = _content(name, data, understood)
            if said:
                properties["content"][values.text(name)] = said
            _merge(properties, understood)
        except (OSError, ValueError) as error:
            yield _fault(directory, name, error)
    templates, faults = tokenizer_config.additional_templates(files, directory.path)
    _merge(properties, {"chat_templates": templates} if templates else {})
    for name, error in faults:
        yield _fault(directory, name, error)
    if properties["files"]:
        yield _component(directory, properties)


def _content(name, data, understood):
    """A digest that is equal for files that differ in form alone; None where that is not known."""
    if "sections" in understood:
        return values.digest(values.canonical(understood["sections"]))
    if not name.endswith(".json") or len(data) > LARGE:
        return None
    return values.digest(values.canonical(values.document(data)))


def _understood(name, data):
    if name == "tokenizer.json":
        return tokenizer_json.read(data)
    if name == "tokenizer_config.json":
        return tokenizer_config.read(values.document(data))
    if name.startswith("chat_template."):
        return tokenizer_config.template_file(name, data)
    return {}


def _shipped(files, directory, names):
    known = {}
    for name in names:
        try:
            data = files.read(os.path.join(directory.path, name))
            known[values.text(name)] = values.digest(data)
        except OSError as error:
            yield _fault(directory, name, error)
    if known:
        yield _component(directory, {"files": known})


def _merge(properties, more):
    for key, value in more.items():
        if isinstance(value, dict) and key in properties:
            properties[key].update(value)
        else:
            properties[key] = value


def _component(directory, properties):
    return facts.component(
        facts.IMAGE,
        "tokenizer",
        values.text(directory.name),
        "file",
        None,
        values.text(directory.location),
        **properties,
    )


def _fault(directory, name, error):
    label = values.text(os.path.join(directory.name, name))
    return facts.unreadable(facts.IMAGE, "tokenizer", label, values.reason(error))
