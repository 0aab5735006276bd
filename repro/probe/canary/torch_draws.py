"""What torch draws from a fixed seed, on any of its devices."""

from .filled import torch_floats

SEED = 7
SAMPLES = 4
BOUNDARIES = (40960, 40961, 89089, 221185, 270337, 2097153)
"""Elements: what the grid of a T4 draws in one go, one more, one more than those of an L4, an A100
and an H100 do, and one more than any GPU of up to 1024 multiprocessors.

A thread draws again past that, so that streams of GPUs of other sizes part there
(github.com/pytorch/pytorch/issues/194676).
"""
HEAD = 40960
VOCABULARY = 151936


def draws(case, device):
    """Usual draws; sizes 15 and 16 are on two sides of the CPU's vector code for normal ones."""
    import torch

    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        for count in (15, 16, 1000):
            made = {"dtype": dtype, "device": device}
            _drawn(case, "rand", dtype, count, lambda c=count, m=made: torch.rand(c, **m))
            _drawn(case, "randn", dtype, count, lambda c=count, m=made: torch.randn(c, **m))
    for name, draw in _others(torch, device).items():
        _seeded(case, name, draw)


def _drawn(case, name, dtype, count, draw):
    _seeded(case, "%s/%s [%d]" % (name, str(dtype).replace("torch.", ""), count), draw)


def _seeded(case, name, draw):
    import torch

    def drawn():
        torch.manual_seed(SEED)
        return draw()

    case(name, drawn, samples=SAMPLES)


def _others(torch, device):
    """Draws by name; inputs of theirs are fixed numbers, moved to where chances have to be."""
    chances = torch_floats((4, 1000), 11, device=device).abs()

    def empty():
        return torch.empty(1000, device=device)

    def gumbel():
        return (chances / torch.empty_like(chances).exponential_(1)).argmax(-1)

    return {
        "randint": lambda: torch.randint(0, 1000003, (1000,), device=device),
        "randint int64 [wide]": lambda: torch.randint(-(2**62), 2**62, (1000,), device=device),
        "randperm [100]": lambda: torch.randperm(100, device=device),
        "randperm [50000]": lambda: torch.randperm(50000, device=device),
        "multinomial [4, 1000]": lambda: torch.multinomial(chances, 8),
        "multinomial [4, 1000] replaced": lambda: torch.multinomial(chances, 8, True),
        "multinomial [4, 1000] one": lambda: torch.multinomial(chances, 1),
        "exponential race [4, 1000]": gumbel,
        "exponential_": lambda: empty().exponential_(1.5),
        "normal_": lambda: empty().normal_(1.0, 2.0),
        "uniform_": lambda: empty().uniform_(-3.0, 5.0),
        "cauchy_": lambda: empty().cauchy_(),
        "log_normal_": lambda: empty().log_normal_(),
        "geometric_": lambda: empty().geometric_(0.3),
        "bernoulli_": lambda: empty().bernoulli_(0.3),
        "bernoulli": lambda: torch.bernoulli(chances),
        "poisson": lambda: torch.poisson(chances * 9),
        "gamma": lambda: torch._standard_gamma(chances + 0.5),
        "dropout": lambda: torch.nn.functional.dropout(chances, 0.3),
        "trunc_normal_": lambda: torch.nn.init.trunc_normal_(empty()),
        "kaiming_uniform_": lambda: torch.nn.init.kaiming_uniform_(empty().reshape(10, 100)),
    }


def boundaries(case, device, sizes=BOUNDARIES, head=HEAD, vocabulary=VOCABULARY):
    """Draws of more elements than small GPUs take in one go, head and tail by themselves."""
    import torch

    methods = {
        "rand": lambda size: torch.rand(size, device=device),
        "randn": lambda size: torch.randn(size, device=device),
        "exponential_": lambda size: torch.empty(size, device=device).exponential_(),
    }
    for size in sizes:
        for name, draw in methods.items():
            label = "%s/float32 [%d]" % (name, size)
            _seeded(case, label + " head", lambda d=draw, s=size: d(s)[:head])
            if size > head:
                _seeded(case, label + " tail", lambda d=draw, s=size: d(s)[head:])
    for rows in (1, 2):
        shape = (rows, vocabulary)
        logits = torch_floats(shape, 13, device=device) * 4
        chances = torch.softmax(logits, -1)
        name = "%s [%d, %d]" % ("%s", rows, vocabulary)
        _seeded(case, name % "multinomial", lambda p=chances: torch.multinomial(p, 1))
        _seeded(
            case,
            name % "exponential race",
            lambda p=chances: (p / torch.empty_like(p).exponential_(1)).argmax(-1),
        )
