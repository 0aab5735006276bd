"""Models of CTranslate2, a few layers each, with weights from an integer hash."""

from .filled import numpy_floats

LAYERS, HEADS, WIDTH, INNER, WORDS = 2, 4, 64, 128, 96
MARKS = ("<unk>", "<s>", "</s>")
VOCABULARY = list(MARKS) + ["w%d" % number for number in range(len(MARKS), WORDS)]


def decoder():
    """As Llama has it: gated, positions rotated, half as many keys as heads, no biases."""
    from ctranslate2.specs import common_spec, transformer_spec

    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        LAYERS,
        HEADS,
        activation=common_spec.Activation.SWISH,
        rms_norm=True,
        ffn_glu=True,
        rotary_dim=0,
        rotary_interleave=False,
        num_heads_kv=HEADS // 2,
    )
    spec.register_vocabulary(VOCABULARY)
    spec.decoder.scale_embeddings = False
    return _filled(spec, 3000, keys=WIDTH // 2)


def encoder():
    """As BERT has it: normalized afterwards, GELU, learned positions."""
    from ctranslate2.specs import common_spec, transformer_spec

    spec = transformer_spec.TransformerEncoderModelSpec(
        transformer_spec.TransformerEncoderSpec(
            LAYERS,
            HEADS,
            pre_norm=False,
            activation=common_spec.Activation.GELU,
            layernorm_embedding=True,
        )
    )
    spec.register_vocabulary(VOCABULARY)
    spec.encoder.position_encodings.encodings = _numbers((64, WIDTH), 3900)
    return _filled(spec, 4000)


def translator():
    """As the first Transformer has it: an encoder and a decoder, ReLU, sinusoids."""
    from ctranslate2.specs import transformer_spec

    spec = transformer_spec.TransformerSpec.from_config(LAYERS, HEADS)
    spec.register_source_vocabulary(VOCABULARY)
    spec.register_target_vocabulary(VOCABULARY)
    return _filled(spec, 5000)


def _filled(spec, seed, keys=WIDTH):
    """The model with all weights that it needs; `keys` is the width of keys and of values."""
    from ctranslate2.specs import model_spec

    missing = []
    model_spec.visit_spec(spec, lambda layer, name, value: missing.append((layer, name, value)))
    for layer, name, _ in sorted((row for row in missing if row[2] is None), key=lambda x: x[1]):
        seed += 1
        place, _, last = name.rpartition("/")
        setattr(layer, last, _weight(place, last, seed, keys))
    return spec


def _weight(place, name, seed, keys):
    """One weight, by its place in a model: `decoder/layer_0/self_attention/linear_0`."""
    import numpy as np

    if name in ("gamma", "beta"):
        return np.full(WIDTH, name == "gamma", "float32")
    above, _, layer = place.rpartition("/")
    rows, columns = WIDTH, WIDTH
    if layer.startswith("embeddings") or layer == "projection":
        rows = WORDS
    elif above.endswith("/ffn"):
        rows, columns = (WIDTH, INNER) if layer == "linear_1" else (INNER, WIDTH)
    elif layer == "linear_0" and above.endswith("/self_attention"):
        rows = WIDTH + 2 * keys
    elif layer == "linear_1" and above.endswith("/attention"):
        rows = 2 * keys
    return _numbers((rows, columns), seed)


def _numbers(shape, seed):
    return numpy_floats(shape, seed) * (3.0 / min(shape)) ** 0.5
