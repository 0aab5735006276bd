"""Reads a tokenizer_config.json and the chat templates beside it."""

import os

from . import values

FIELDS = (
    "add_bos_token",
    "add_eos_token",
    "add_prefix_space",
    "added_tokens",
    "additional_special_tokens",
    "auto_map",
    "backend",
    "bos_token",
    "clean_up_tokenization_spaces",
    "cls_token",
    "do_lower_case",
    "eos_token",
    "errors",
    "extra_special_tokens",
    "fix_mistral_regex",
    "from_slow",
    "is_local",
    "keep_accents",
    "legacy",
    "mask_token",
    "max_length",
    "model_max_length",
    "pad_token",
    "padding_side",
    "processor_class",
    "remove_space",
    "sep_token",
    "sp_model_kwargs",
    "spaces_between_special_tokens",
    "split_special_tokens",
    "strip_accents",
    "tokenize_chinese_chars",
    "trim_offsets",
    "truncation_side",
    "unk_token",
    "use_default_system_prompt",
)
"""What transformers' tokenizers take from the file (MIGRATION_GUIDE_V5, class sources)."""

CONSTRUCTS = ("strftime_now", "tojson", "generation", "break", "tools", "raise_exception")
"""Words in a template whose meaning moved between releases of transformers."""


def read(document):
    """Return properties of a tokenizer_config.json; ValueError where it is no object."""
    if not isinstance(document, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - the file is at fault, not the caller.
    found = {"class": values.plain(document.get("tokenizer_class"))}
    found["config"] = {name: values.plain(document[name]) for name in FIELDS if name in document}
    if isinstance(document.get("added_tokens_decoder"), dict):
        added = values.canonical(document["added_tokens_decoder"])
        found["sections"] = {"config.added_tokens_decoder": values.digest(added)}
    found.update(templates("tokenizer_config.json", document.get("chat_template")))
    return found


def template_file(name, data):
    """Return properties of chat_template.jinja or chat_template.json."""
    if name.endswith(".jinja"):
        return templates(name, data.decode("utf-8", "backslashreplace"))
    document = values.document(data)
    value = document.get("chat_template") if isinstance(document, dict) else document
    return templates(name, value)


def additional_templates(files, path):
    """Return ({place: {name: digest}}, [(file name, error)]) of additional_chat_templates/."""
    folder = "additional_chat_templates"
    found, faults = {}, []
    try:
        names = files.names(os.path.join(path, folder))
    except OSError as error:
        return {}, [(folder, error)]
    for name in names:
        if name.endswith(".jinja"):
            try:
                data = files.read(os.path.join(path, folder, name))
                found[values.text(name[: -len(".jinja")])] = values.digest(data)
            except OSError as error:
                faults.append((os.path.join(folder, name), error))
    return {folder: found} if found else {}, faults


def templates(place, value):
    """Digests by place and name: which of several is used depends on the library's release."""
    if isinstance(value, str):
        value = [{"name": "default", "template": value}]
    elif isinstance(value, dict):
        value = [{"name": name, "template": text} for name, text in value.items()]
    texts = {
        values.text(entry["name"]): entry["template"]
        for entry in (value if isinstance(value, list) else ())
        if isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("template"), str)
    }
    if not texts:
        return {}
    every = "\n".join(texts.values())
    digests = {name: values.digest(_bytes(text)) for name, text in texts.items()}
    used = [word for word in CONSTRUCTS if word in every]
    return {"chat_templates": {place: digests}, "template_words": {place: used}}


def _bytes(text):
    return text.encode("utf-8", "backslashreplace")
