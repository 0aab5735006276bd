"""Reads a tokenizer.json into digests of its parts, equal when only its form differs."""

import hashlib

from . import pieces, values

UNSAID = (None, False)
"""Values of model options that mean the same as an option that is not there (tokenizers' BPE)."""

NAMES = 4096
"""Entries of an object that are digested at a time."""


def read(data):
    """Return properties: `sections` {part: digest}, `model` options, `vocabulary` size, `merges`.

    `merges` is how they are written: `pairs`, or `text` as tokenizers before 0.20 reads them.

    ValueError where it is no tokenizer. The parts are those of the tokenizers library's file.
    """
    try:
        return _read(pieces.Reader(data))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _read(reader):
    sections, model = {}, None
    for key in reader.names():
        if key == "model":
            model = _model(reader)
        else:
            value = reader.value()
            sections[key] = None if value is None else _digest([value])[0]
    reader.end()
    if model is None:
        raise ValueError("no model in it")
    options, parts, size, form = model
    sections.pop("version", None)
    sections = {values.text(key): value for key, value in sections.items() if value}
    options = {k: v for k, v in options.items() if not any(v is unsaid for unsaid in UNSAID)}
    sections.update(parts, **{"model.options": _digest([options])[0]})
    found = {"sections": sections, "model": values.plain(options), "vocabulary": size}
    return dict(found, merges=form) if form else found


def _model(reader):
    """Options, digests of the large parts, the size of the vocabulary, how merges are written."""
    options, parts, size, forms = {}, {}, None, set()
    for key in reader.names():
        if key == "vocab":
            parts["model.vocab"], size = _digest(reader.pieces())
        elif key == "merges":
            forms = set()
            parts["model.merges"], _ = _digest(_pairs(piece, forms) for piece in reader.pieces())
        else:
            options[key] = reader.value()
    return options, parts, size, "pairs" if list in forms else "text" if forms else None


def _pairs(merges, forms):
    """Merges as pairs: files before tokenizers 0.20 join the two with a space."""
    if not isinstance(merges, list):
        return merges
    forms.update(map(type, merges))
    return [merge.split(" ", 1) if isinstance(merge, str) else merge for merge in merges]


def _digest(parts):
    """The digest of a value's canonical form, from pieces of it; and how many entries it has."""
    hashed, found, size, part = hashlib.sha256(), {}, 0, None
    for part in parts:
        if isinstance(part, dict):
            found.update(part)
            size = len(found)
            if size > values.CONTAINERS:
                raise ValueError("more than %d values in one" % size)
        elif isinstance(part, list):
            hashed.update((b"," if size else b"[") + values.canonical(part)[1:-1])
            size += len(part)
        else:
            return values.digest(values.canonical(part)), None
    if isinstance(part, list):
        hashed.update(b"]")
        return "sha256:" + hashed.hexdigest(), size
    names = sorted(found)
    for at in range(0, size, NAMES):
        some = values.canonical({name: found[name] for name in names[at : at + NAMES]})
        hashed.update((b"," if at else b"{") + some[1:-1])
    hashed.update(b"}" if size else b"{}")
    return "sha256:" + hashed.hexdigest(), size
