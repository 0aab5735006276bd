"""Generates tokens with a tiny model: the likeliest one each time, and how sure that was."""

import math

VOCABULARY = 1000
PROMPT = (1, 17, 402, 33, 905, 256, 7, 512, 64, 128, 999, 2, 31, 337, 88, 610)
DIGITS = 6
"""Decimals of a log-probability: less than what a rounding in the C library could move."""


def greedy(scores, count):
    """Tokens after the prompt, with log-probabilities and gaps to the next likeliest, in nats.

    `scores(tokens)` gives the logits after the last of the tokens, as a list of floats.
    """
    tokens = list(PROMPT)
    found = {"tokens": [], "logprobs": [], "gaps": []}
    for _ in range(count):
        logits = scores(tokens)
        _add(found, logits, max(range(len(logits)), key=logits.__getitem__))
        tokens.append(found["tokens"][-1])
    return found


def told(tokens, rows):
    """The same of tokens that a library has chosen, each with the logits that it chose from."""
    found = {"tokens": [], "logprobs": [], "gaps": []}
    for token, logits in zip(tokens, rows):
        _add(found, logits, token)
    return found


def _add(found, logits, token):
    first, second = sorted(logits)[:-3:-1]
    total = math.fsum(math.exp(score - first) for score in logits)
    found["tokens"].append(token)
    found["logprobs"].append(round(logits[token] - first - math.log(total), DIGITS))
    found["gaps"].append(round(first - second, DIGITS))
