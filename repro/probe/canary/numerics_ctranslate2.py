"""What CTranslate2 computes on a CPU: a decoder, an encoder and a translator, filled here."""

import os
import tempfile
from functools import partial

from . import ctranslate2_models as models
from .record import Declined, same_bits

NEEDS = ("ctranslate2", "numpy")
FAMILY = "numerics"
DEVICE = "cpu"
IMPACTS = ("numerics",)
COVERS = ("python.package:ctranslate2", "cpu:*")
TYPES = ("float32", "int8")
"""What every CPU has; the others (int16, bfloat16) only some builds take."""
LENGTH, BEAMS, SAMPLES = 16, 4, 16
TEXTS = [[models.VOCABULARY[at] for at in row] for row in ((5, 17, 40, 9, 71, 33), (80, 4, 22))]


def run(case, job):
    import ctranslate2

    kept = partial(case, samples=SAMPLES)
    with _folder() as folder:
        for name, spec, kind, ways in (
            ("decoder", models.decoder(), ctranslate2.Generator, DECODING),
            ("encoder", models.encoder(), ctranslate2.Encoder, ENCODING),
            ("translator", models.translator(), ctranslate2.Translator, TRANSLATING),
        ):
            load = partial(_loaded, kind, _saved(spec, os.path.join(folder, name)))
            _model(kept, name, load, ways)


def _folder():
    """CTranslate2 takes models from files alone."""
    try:
        return tempfile.TemporaryDirectory()
    except OSError as error:
        raise Declined("no folder to save a model in: %s" % error.strerror) from None


def _saved(spec, path):
    os.mkdir(path)
    spec.validate()
    spec.optimize()
    spec.save(path)
    return path


def _loaded(kind, path, dtype, threads=1):
    return kind(path, device="cpu", compute_type=dtype, inter_threads=1, intra_threads=threads)


def _model(case, name, load, ways):
    """Each way to ask a model, in each type; then whether others beside or threads move bits."""
    for dtype in TYPES:
        model = load(dtype)
        for label, ask in ways.items():
            case("%s/%s %s" % (name, dtype, label), partial(ask, model, TEXTS))
    first, model = next(iter(ways.values())), load("float32")
    alone, among = partial(first, model, TEXTS[:1]), partial(first, model, TEXTS[:1] * 8)
    case("%s/row 0 alone or among others" % name, lambda: same_bits(alone()[0], among()[0]))
    many = partial(first, load("float32", threads=0), TEXTS)
    case("%s/one thread or all" % name, lambda: same_bits(first(model, TEXTS), many()))


def _array(view):
    import numpy as np

    return np.array(view)


def _logits(model, texts):
    return _array(model.forward_batch(texts))


def _greedy(model, texts):
    """Tokens alone: how far they lead is in the logits, which know rounding from another result."""
    how = {"beam_size": 1, "sampling_topk": 1, "max_length": LENGTH}
    found = model.generate_batch(texts, include_prompt_in_result=False, **how)
    return [row.sequences_ids[0] for row in found]


def _states(model, texts):
    return _array(model.forward_batch(texts).last_hidden_state)


def _scores(model, texts):
    """Logarithms of the probabilities of the texts themselves, as translations of one another."""
    import numpy as np

    found = model.score_batch(texts, texts[::-1])
    return np.array([number for row in found for number in row.log_probs], "float32")


def _beams(model, texts):
    how = {"beam_size": BEAMS, "num_hypotheses": 2, "max_decoding_length": LENGTH}
    return [row.hypotheses for row in model.translate_batch(texts, **how)]


DECODING = {"logits": _logits, "greedy": _greedy}
ENCODING = {"states": _states}
TRANSLATING = {"scores": _scores, "beams": _beams}
