"""Finds models: configuration, sampling defaults, quantization, and which weights they are."""

import os
import re

from . import facts, gguf_model, search, values, weights

DOCUMENTS = re.compile(
    r"(config|generation_config|quantize_config|quant_config|quantization_config|hf_quant_config|"
    r"preprocessor_config|processor_config|video_preprocessor_config|image_processor_config|"
    r"modules|sentence_bert_config|config_sentence_transformers|adapter_config|model_index|params|"
    r".+\.safetensors\.index|pytorch_model\.bin\.index)\.json"
)
"""JSON files that transformers, sentence-transformers, diffusers, AWQ/GPTQ and ModelOpt read."""

TRITON = "config.pbtxt"
"""What makes a directory a model in a repository of Triton, with a folder for each version."""

SCALAR = re.compile(
    r"^[^\S\n]*(name|platform|backend|runtime|max_batch_size|default_model_filename)\s*:\s*"
    r"(?:\"([^\"\n]*)\"|(\w+))",
    re.MULTILINE,
)
"""Fields of a model's configuration outside of its blocks (triton-inference-server/common,
protobuf/model_config.proto)."""

FILES = 64
"""Files of one version's folder that are looked at."""

ENGINE = ("version", "pretrained_config", "build_config")
"""Parts of the config.json that TensorRT-LLM writes beside an engine (its documentation, "Build
workflow")."""

POOLING = "1_Pooling/config.json"
"""How sentence-transformers makes one vector of many."""

FIELDS = frozenset(
    """
model_type architectures torch_dtype dtype vocab_size hidden_size intermediate_size
num_hidden_layers num_attention_heads num_key_value_heads head_dim hidden_act hidden_activation
max_position_embeddings rope_theta rope_scaling rope_parameters rope_local_base_freq
partial_rotary_factor sliding_window use_sliding_window max_window_layers layer_types
attention_bias attention_dropout attn_implementation _attn_implementation attn_logit_softcapping
final_logit_softcapping query_pre_attn_scalar tie_word_embeddings rms_norm_eps layer_norm_eps
layer_norm_epsilon initializer_range eos_token_id bos_token_id pad_token_id decoder_start_token_id
num_experts num_local_experts num_experts_per_tok n_routed_experts topk_method scoring_func
norm_topk_prob routed_scaling_factor quantization_config compression_config auto_map
logits_scaling embedding_multiplier residual_multiplier attention_multiplier mlp_bias qk_norm
use_qk_norm original_max_position_embeddings temperature top_p top_k repetition_penalty
max_length do_sample id2label problem_type
""".split()  # noqa: SIM905 - words read better than a list.
)
"""What of config.json moves outputs, as transformers' configuration classes name it."""

NESTED = ("text_config", "llm_config", "language_config", "thinker_config", "vision_config")
"""Configurations inside that of a multimodal model, read alike."""

UNSAID = ("transformers_version", "_from_model_config", "_commit_hash", "_name_or_path")
"""Who wrote the file and from where."""


def collect(files, context):
    """Yield one component a directory, and what could not be read of it."""
    survey, known = search.survey(files, context), 0
    for path, why in survey.faults:
        yield facts.unreadable(facts.IMAGE, "model", values.text(path), why)
    for directory in survey.directories:
        for found in (
            _model(files, directory),
            gguf_model.collect(files, survey, directory, "model"),
        ):
            for fact in found:
                known += 1
                yield fact
    if not known and not survey.faults:
        places = ", ".join(list(context.paths) + list(search.ROOTS) + survey.caches)
        why = "no model files under " + places
        yield facts.absent(facts.IMAGE, "model", "any", values.text(why))


def _model(files, directory):
    names = [name for name in directory.names if DOCUMENTS.fullmatch(name)]
    held = _held(files, directory)
    triton, certain = TRITON in directory.names, any(map(weights.is_certain, held))
    certain = certain or triton or (bool(held) and _is_version(files, directory))
    if not names and not certain:
        return
    documents, faults = _documents(files, directory, names)
    if not (_is_model(documents) or certain):
        for name, error in faults if held or "generation_config.json" in names else ():
            yield _fault(directory, name, error)
        return
    for name, error in faults:
        yield _fault(directory, name, error)
    properties = _properties(documents)
    if triton:
        try:
            properties.update(_triton(files, directory))
        except OSError as error:
            yield _fault(directory, TRITON, error)
    properties["revision"] = directory.revision or weights.revision(files, directory.path)
    properties["weights"] = {}
    for name in held:
        try:
            known = weights.identity(files, os.path.join(directory.path, name))
            properties["weights"][values.text(name)] = known
        except OSError as error:
            yield _fault(directory, name, error)
    yield facts.component(
        facts.IMAGE,
        "model",
        values.text(directory.name),
        "file",
        None,
        values.text(directory.location),
        **{key: value for key, value in properties.items() if value},
    )


def _held(files, directory):
    """The names of weights: in a version of a Triton model these are all files, code too."""
    names = [name for name in directory.names if not gguf_model.is_gguf(name)]
    if _is_version(files, directory):
        return names[:FILES]
    return [name for name in names if weights.is_weight(name)]


def _is_version(files, directory):
    above, name = os.path.split(directory.path)
    return name.isdigit() and files.is_file(os.path.join(above, TRITON))


def _triton(files, directory):
    """{documents, triton}: what config.pbtxt says, by its digest and its plain fields."""
    text = files.text(os.path.join(directory.path, TRITON), 1 << 20)
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    said = {m.group(1): values.text(m.group(2) or m.group(3) or "") for m in SCALAR.finditer(text)}
    digest = values.digest("\n".join(lines).encode("utf-8"))
    return {"documents": {TRITON: digest}, "triton": said}


def _documents(files, directory, names):
    documents, faults = {}, []
    pooling = os.path.join(directory.path, POOLING)
    for name in names + ([POOLING] if "modules.json" in names and files.exists(pooling) else []):
        try:
            documents[name] = values.document(files.read(os.path.join(directory.path, name)))
        except (OSError, ValueError) as error:
            faults.append((name, error))
    return documents, faults


def _is_model(documents):
    config = documents.get("config.json")
    marks = ("model_type", "architectures", "pretrained_config")
    said = isinstance(config, dict) and any(mark in config for mark in marks)
    others = ("generation_config.json", "modules.json", "adapter_config.json", "model_index.json")
    return said or any(name in documents for name in others)


def _properties(documents):
    found = {
        "documents": {
            values.text(name): values.digest(values.canonical(_said(document)))
            for name, document in documents.items()
        },
        "config": _config(documents.get("config.json")),
        "engine": _engine(documents.get("config.json")),
        "generation": values.plain(_said(documents.get("generation_config.json"))),
    }
    for key, name in (
        ("modules", "modules.json"),
        ("pooling", POOLING),
        ("sentence_transformers", "config_sentence_transformers.json"),
        ("sentence_bert", "sentence_bert_config.json"),
        ("preprocessor", "preprocessor_config.json"),
    ):
        found[key] = values.plain(_said(documents.get(name)))
    return found


def _engine(document):
    if not isinstance(document, dict) or "pretrained_config" not in document:
        return None
    return {key: values.plain(document[key]) for key in ENGINE if key in document}


def _config(document):
    if not isinstance(document, dict):
        return None
    kept = {name: values.plain(document[name]) for name in document if name in FIELDS}
    for name in NESTED:
        if isinstance(document.get(name), dict):
            kept[name] = _config(document[name])
    return kept


def _said(document):
    if not isinstance(document, dict):
        return document
    return {key: value for key, value in document.items() if key not in UNSAID}


def _fault(directory, name, error):
    label = values.text(os.path.join(directory.name, name))
    return facts.unreadable(facts.IMAGE, "model", label, values.reason(error))
