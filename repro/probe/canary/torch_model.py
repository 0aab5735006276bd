"""A transformer of four layers in plain torch, with weights from a hash, that generates tokens."""

from contextlib import contextmanager
from functools import partial

from .filled import torch_floats
from .generation import PROMPT, VOCABULARY, greedy
from .record import same_bits

WIDTH, HEADS, LAYERS, LONGEST = 128, 4, 4, 96
GREEDY, SAMPLED, SEED = 48, 32, 7


def generations(case, device):
    """Record what it generates in two types, its logits, and whether a batch moves them."""
    import torch

    with torch.no_grad(), one_thread():
        for dtype in (torch.float32, torch.bfloat16):
            name = str(dtype).replace("torch.", "")
            weights = _weights(dtype, device)
            case("greedy/%s" % name, lambda w=weights: greedy(partial(_scores, w), GREEDY))
            case("logits/%s" % name, lambda w=weights: _forward(w, [PROMPT])[0], samples=64)
            case("sampled/%s" % name, lambda w=weights: {"tokens": _sampled(w)})
            case("row 0 alone or among 8/%s" % name, lambda w=weights: _batched(w))


@contextmanager
def one_thread():
    """One thread is enough for so small a model; many are slow where a quota allows few."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _weights(dtype, device):
    """Matrices whose products keep the size of what goes in; the last one tells tokens apart."""
    shapes = {"embed": (VOCABULARY, WIDTH), "place": (LONGEST, WIDTH)}
    for layer in range(LAYERS):
        shapes["attend %d" % layer] = (3 * WIDTH, WIDTH)
        shapes["mix %d" % layer] = (WIDTH, WIDTH)
        shapes["up %d" % layer] = (4 * WIDTH, WIDTH)
        shapes["down %d" % layer] = (WIDTH, 4 * WIDTH)
    shapes["out"] = (VOCABULARY, WIDTH)
    found = {}
    for seed, (name, shape) in enumerate(shapes.items()):
        scale = 1.0 if name in ("embed", "place") else (3.0 / shape[1]) ** 0.5
        scale *= 3.0 if name == "out" else 1.0
        found[name] = (torch_floats(shape, 1000 + seed, device=device) * scale).to(dtype)
    return found


def _forward(weights, rows):
    """The logits after the last token of each row."""
    import torch
    from torch.nn import functional

    tokens = torch.tensor([list(row) for row in rows], device=weights["out"].device)
    hidden = weights["embed"][tokens] + weights["place"][: tokens.shape[1]]
    for layer in range(LAYERS):
        hidden = hidden + _attention(weights, layer, _normal(hidden))
        wide = functional.gelu(functional.linear(_normal(hidden), weights["up %d" % layer]))
        hidden = hidden + functional.linear(wide, weights["down %d" % layer])
    return functional.linear(_normal(hidden[:, -1]), weights["out"])


def _normal(hidden):
    from torch.nn import functional

    return functional.layer_norm(hidden, (WIDTH,))


def _attention(weights, layer, hidden):
    from torch.nn import functional

    rows, length, _ = hidden.shape
    parts = functional.linear(hidden, weights["attend %d" % layer])
    parts = parts.reshape(rows, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
    mixed = functional.scaled_dot_product_attention(*parts.unbind(0), is_causal=True)
    mixed = mixed.transpose(1, 2).reshape(rows, length, WIDTH)
    return functional.linear(mixed, weights["mix %d" % layer])


def _scores(weights, tokens):
    return _forward(weights, [tokens])[0].float().tolist()


def _sampled(weights):
    """Tokens drawn at temperature 0.8, on the device and from its generator."""
    import torch

    torch.manual_seed(SEED)
    tokens = list(PROMPT)
    for _ in range(SAMPLED):
        chances = (_forward(weights, [tokens])[0].float() / 0.8).softmax(-1)
        tokens.append(int(torch.multinomial(chances, 1)))
    return tokens[len(PROMPT) :]


def _batched(weights):
    others = [[(token + shift) % VOCABULARY for token in PROMPT] for shift in range(8)]
    return same_bits(_forward(weights, others)[:1], _forward(weights, others[:1]))
