"""Write a Llama of two small layers with weights from a counter, and its configuration."""

import json
import os
import sys

import numpy as np
from safetensors.numpy import save_file

WIDTH, HEADS, INNER, WORDS, LAYERS = 64, 4, 160, 256, 2


def weights(number, *shape):
    count = int(np.prod(shape))
    steps = np.arange(count, dtype=np.float64) * 0.6180339887498949 + number * 0.137
    mixed = np.sin(steps * 12.9898) * 43758.5453
    return (((mixed % 1.0) - 0.5) * 2 / np.sqrt(shape[-1]) * 1.7).astype(np.float32).reshape(shape)


held = {
    "model.embed_tokens.weight": weights(1, WORDS, WIDTH),
    "model.norm.weight": np.ones(WIDTH, np.float32),
    "lm_head.weight": weights(2, WORDS, WIDTH),
}
for layer in range(LAYERS):
    named = f"model.layers.{layer}"
    for place, name in enumerate(("q", "k", "v", "o")):
        held[f"{named}.self_attn.{name}_proj.weight"] = weights(
            10 * layer + place + 3, WIDTH, WIDTH
        )
    held[f"{named}.mlp.gate_proj.weight"] = weights(10 * layer + 7, INNER, WIDTH)
    held[f"{named}.mlp.up_proj.weight"] = weights(10 * layer + 8, INNER, WIDTH)
    held[f"{named}.mlp.down_proj.weight"] = weights(10 * layer + 9, WIDTH, INNER)
    held[f"{named}.input_layernorm.weight"] = np.ones(WIDTH, np.float32)
    held[f"{named}.post_attention_layernorm.weight"] = np.ones(WIDTH, np.float32)
save_file(held, os.path.join(sys.argv[1], "model.safetensors"), metadata={"format": "pt"})
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "vocab_size": WORDS,
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-06,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
}
GENERATION = {"bos_token_id": 1, "eos_token_id": 2, "do_sample": False, "_from_model_config": True}
for name, value in (("config.json", CONFIG), ("generation_config.json", GENERATION)):
    with open(os.path.join(sys.argv[1], name), "w") as file:
        json.dump(value, file, indent=2)
