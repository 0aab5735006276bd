"""Reads a tokenizer.json into digests of its parts, equal when only its form differs."""

from . import values

UNSAID = (None, False)
"""Values of model options that mean the same as an option that is not there (tokenizers' BPE)."""


def read(document):
    """Return properties: `sections` {part: digest}, `model` options, `vocabulary` size.

    ValueError where it is no tokenizer. The parts are those of the tokenizers library's file.
    """
    if not isinstance(document, dict) or not isinstance(document.get("model"), dict):
        raise ValueError("no object with a model in it")  # noqa: TRY004 - the file is at fault, not the caller.
    model = document["model"]
    sections = {
        values.text(key): _digest(value)
        for key, value in document.items()
        if key not in ("model", "version") and value is not None
    }
    options = {
        key: value
        for key, value in model.items()
        if key not in ("vocab", "merges") and not any(value is unsaid for unsaid in UNSAID)
    }
    sections["model.options"] = _digest(options)
    if "vocab" in model:
        sections["model.vocab"] = _digest(model["vocab"])
    if "merges" in model:
        sections["model.merges"] = _digest(_pairs(model["merges"]))
    size = len(model["vocab"]) if isinstance(model.get("vocab"), (dict, list)) else None
    return {"sections": sections, "model": values.plain(options), "vocabulary": size}


def _pairs(merges):
    """Merges as pairs: files before tokenizers 0.20 join the two with a space."""
    if not isinstance(merges, list):
        return merges
    return [merge.split(" ", 1) if isinstance(merge, str) else merge for merge in merges]


def _digest(value):
    return values.digest(values.canonical(value))
