"""What tiny models of transformers generate on a CPU: a Llama and a GPT-2, weights from a hash."""

import json
import os
import tempfile
from functools import partial

from .filled import torch_floats
from .generation import PROMPT, VOCABULARY, told
from .torch_model import one_thread

NEEDS = ("torch", "transformers")
FAMILY = "model"
DEVICE = "cpu"
IMPACTS = ("tokens", "numerics", "sampling")
COVERS = ("python.package:transformers", "python.package:torch", "framework:torch")
COUNT, SEED = 24, 7
MARKS = {"bos_token_id": 1, "eos_token_id": None, "pad_token_id": 0}
LLAMA = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
GPT2 = {"vocab_size": VOCABULARY, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 128}
SAMPLING = {
    "greedy": {"do_sample": False},
    "sampled": {"do_sample": True},
    "sampled narrowly": {"do_sample": True, "temperature": 0.7, "top_k": 20, "top_p": 0.9},
    "penalized": {"do_sample": False, "repetition_penalty": 1.3, "no_repeat_ngram_size": 2},
    "beams": {"do_sample": False, "num_beams": 3},
}
FIELDS = ("do_sample", "temperature", "top_k", "top_p", "max_length", "repetition_penalty")
STATED = {"do_sample": True, "temperature": 0.6, "top_k": 30, "top_p": 0.95}
"""What a config.json may say of generation."""


def run(case, job):
    import transformers

    _defaults(case, transformers)
    with one_thread():
        for name, config, kind in (
            ("llama", transformers.LlamaConfig(**LLAMA, **MARKS), transformers.LlamaForCausalLM),
            ("gpt2", transformers.GPT2Config(**GPT2, **MARKS), transformers.GPT2LMHeadModel),
        ):
            _generations(case, name, _model(kind, config))
        with tempfile.TemporaryDirectory() as folder:
            _stored(case, transformers, folder)


def _generations(case, name, model):
    for label, how in SAMPLING.items():
        case("%s/%s" % (name, label), partial(_generated, model, how))
    case("%s/logits" % name, partial(_logits, model), samples=64)


def _defaults(case, transformers):
    """What a configuration says that nobody has filled in."""

    def fresh():
        config = transformers.GenerationConfig()
        return {field: getattr(config, field, None) for field in FIELDS}

    case("fresh GenerationConfig", fresh)


def _model(kind, config):
    """A model whose every matrix is filled from a hash; vectors stay ones and zeros."""
    import torch

    model = kind(config).eval()
    with torch.no_grad():
        for seed, (_, weight) in enumerate(sorted(model.named_parameters())):
            if weight.dim() > 1:
                numbers = torch_floats(tuple(weight.shape), 2000 + seed)
                weight.copy_(numbers * (3.0 / min(weight.shape)) ** 0.5)
    return model


def _generated(model, how):
    import torch

    torch.manual_seed(SEED)
    found = model.generate(
        torch.tensor([PROMPT]),
        attention_mask=torch.ones(1, len(PROMPT), dtype=torch.long),
        max_new_tokens=COUNT,
        return_dict_in_generate=True,
        output_scores=True,
        **how,
    )
    tokens = found.sequences[0, len(PROMPT) :].tolist()
    if how != SAMPLING["greedy"]:
        return {"tokens": tokens}
    return told(tokens, [row[0].tolist() for row in found.scores])


def _logits(model):
    import torch

    with torch.no_grad():
        return model(torch.tensor([PROMPT])).logits[0, -1]


def _stored(case, transformers, folder):
    """A model that was saved in bfloat16 and is loaded without a word about types."""
    import torch

    model = _model(transformers.LlamaForCausalLM, transformers.LlamaConfig(**LLAMA, **MARKS))
    model.to(torch.bfloat16).save_pretrained(folder)
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as stream:
        config = json.load(stream)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(dict(config, torch_dtype="bfloat16", **STATED), stream)
    own = os.path.join(folder, "generation_config.json")
    if os.path.exists(own):
        os.remove(own)  # So that config.json is what says how to generate.
    load = partial(transformers.AutoModelForCausalLM.from_pretrained, folder)
    case("loaded/type", lambda: str(load().dtype), runs=2)
    case("loaded/settings", lambda: _settings(load().generation_config), runs=2)
    case("loaded/generated", lambda: _generated(load(), {}), runs=2)


def _settings(config):
    return {field: getattr(config, field, None) for field in FIELDS}
