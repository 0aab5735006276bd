"""Makes models and tokenizers of GGUF files: one of each a file, or a file cut into shards."""

import os
import re

from . import facts, gguf, tokenizer_config, values, weights

SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
"""How llama.cpp names the parts of a split file (llama.h, llama_split_path)."""

SAID = frozenset("architecture name type file_type quantization_version alignment".split())  # noqa: SIM905
"""What is kept of `general.*`; the rest says by whom and from where."""

QUANTIZATION = ("file_type", "quantization_version")
SAMPLING = "general.sampling."
"""Defaults of sampling, as converters take them from generation_config.json (llama.cpp)."""

TEMPLATE = "tokenizer.chat_template"
"""The default; others follow a dot, and `tokenizer.chat_templates` lists their names."""

GGML = "tokenizer.ggml."
PARTS = {"tokens": "model.vocab", "merges": "model.merges"}
"""Names that these parts have in a tokenizer.json; the other arrays keep theirs."""

MODEL = ("model", "pre")
"""How text is cut; the other scalars are ids of special tokens and switches."""


def is_gguf(name):
    return name.endswith(".gguf")


def collect(files, survey, directory, kind):
    """Yield the `model` or the `tokenizer` facts of the GGUF files in one directory."""
    for name, parts in sorted(_groups(directory.names).items()):
        label = values.text(os.path.join(directory.name, name))
        heads = _heads(files, survey, directory, parts)
        if isinstance(heads, str):
            yield facts.unreadable(facts.IMAGE, kind, label, heads)
            continue
        read = _model if kind == "model" else _tokenizer
        properties = read(heads)
        if properties:
            properties["revision"] = directory.revision
        if kind == "model":
            try:
                properties["weights"] = _weights(files, directory, parts, heads)
            except OSError as error:
                yield facts.unreadable(facts.IMAGE, kind, label, values.reason(error))
                continue
        if properties:
            place = values.text(os.path.join(directory.location, name))
            known = {key: value for key, value in properties.items() if value}
            yield facts.component(facts.IMAGE, kind, label, "gguf", None, place, **known)


def _groups(names):
    """{name without the shard's number: its files in order}."""
    groups = {}
    for name in sorted(filter(is_gguf, names)):
        match = SHARD.fullmatch(name)
        whole = "%s-of-%s.gguf" % (match.group(1), match.group(3)) if match else name
        groups.setdefault(whole, []).append(name)
    return groups


def _heads(files, survey, directory, parts):
    """The heads of all parts, or why they could not be read; read once for both kinds."""
    key = (directory.path, parts[0])
    if key not in survey.heads:
        try:
            survey.heads[key] = _read(files, directory, parts)
        except (OSError, ValueError) as error:
            survey.heads[key] = values.reason(error)
    return survey.heads[key]


def _read(files, directory, parts):
    match = SHARD.fullmatch(parts[0])
    if match and len(parts) != int(match.group(3)):
        raise ValueError("%d of %d parts are there" % (len(parts), int(match.group(3))))
    return [gguf.Head(files, os.path.join(directory.path, name)) for name in parts]


def _model(heads):
    metadata = heads[0].metadata
    architecture = metadata.get("general.architecture")
    own = "%s." % architecture
    config, quantization, generation = {}, {}, {}
    for key, value in metadata.items():
        general = key[len("general.") :] if key.startswith("general.") else None
        if key.startswith(SAMPLING):
            generation[key[len(SAMPLING) :]] = _plain(value)
        elif general in QUANTIZATION:
            quantization[general] = _plain(value)
        elif general in SAID or not key.startswith(("general.", "tokenizer.", "split.")):
            config[general or (key[len(own) :] if key.startswith(own) else key)] = _plain(value)
    if architecture:
        config["model_type"] = config.pop("architecture")
    config["quantization_config"] = quantization or None
    tensors = [tensor for head in heads for tensor in head.tensors]
    return {
        "format": "GGUF %d%s" % (heads[0].version, ", big endian" if heads[0].big else ""),
        "config": {key: value for key, value in config.items() if value is not None},
        "generation": generation,
        "tensors": {
            "count": len(tensors),
            "digest": values.digest(values.canonical([list(t) for t in sorted(tensors)])),
            "types": _counts(kind for _, kind, _ in tensors),
        },
    }


def _counts(kinds):
    """{number of the type (ggml.h, ggml_type): how many}."""
    found = {}
    for kind in kinds:
        found[str(kind)] = found.get(str(kind), 0) + 1
    return found


def _weights(files, directory, parts, heads):
    """Identities of the tensors' data: a head that differs is told by what differs in it."""
    found = {}
    for name, head in zip(parts, heads):
        found[values.text(name)] = weights.content(
            files, os.path.join(directory.path, name), head.start
        )
    return found


def _tokenizer(heads):
    """Properties in the shape of those of tokenizer.json and tokenizer_config.json; {} without."""
    metadata = heads[0].metadata
    sections, config, model, templates = {}, {}, {}, {}
    for key, value in metadata.items():
        name = key[len(GGML) :] if key.startswith(GGML) else None
        if isinstance(value, gguf.Items) and name:
            sections[PARTS.get(name, "model." + name)] = value.digest
        elif key == TEMPLATE or key.startswith(TEMPLATE + "."):
            templates[key[len(TEMPLATE) + 1 :] or "default"] = value
        elif name in MODEL:
            model[name] = _plain(value)
        elif name:
            config[name] = _plain(value)
        elif key.startswith("tokenizer.") and key != "tokenizer.chat_templates":
            sections[key] = values.digest(values.canonical(_plain(value)))
    tokens = metadata.get(GGML + "tokens")
    found = {"sections": sections, "config": config, "model": model}
    found["vocabulary"] = tokens.count if isinstance(tokens, gguf.Items) else None
    found.update(tokenizer_config.templates(TEMPLATE, templates))
    return {key: value for key, value in found.items() if value}


def _plain(value):
    """Bit for bit: floats as hexadecimal text (C99 %a), long arrays by their digest."""
    if isinstance(value, gguf.Items):
        if value.values is None:
            return "%d items, %s" % (value.count, value.digest)
        return [_plain(item) for item in value.values]
    return value.hex() if isinstance(value, float) else values.plain(value)
