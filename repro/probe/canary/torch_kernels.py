"""What a GPU's kernels decide: formats inside a product, split sums, choices made by timing."""

from functools import partial

from .filled import torch_floats
from .record import Skip, same_bits
from .torch_operators import MORE, attended

DEEP = 8192
"""Products in a sum: so many that libraries split it, by the number of multiprocessors."""


def kernels(case, device, deep=DEEP):
    """Record them on a device; on a CPU the same code shows what an exact product gives."""
    import torch

    with torch.no_grad():
        _formats(case, device)
        _accumulation(case, device, deep)
        _large(partial(case, samples=MORE), device, deep)
        _scaled(partial(case, samples=MORE), device)
        _timed(partial(case, samples=MORE), device)
        _long(partial(case, samples=MORE), device, deep)
        _atomics(partial(case, samples=MORE), device)


def _formats(case, device):
    """Whether a float32 passes through a product whole: TF32 drops what is below 2^-10 of it."""
    import torch

    fine = torch.full((64, 64), 1 + 2.0**-12, device=device)
    one = torch.eye(64, device=device)
    case("float32 whole in matmul", lambda: bool((fine @ one).equal(fine)))
    case("float32 whole in conv2d", lambda: _convolved(fine))


def _convolved(fine):
    import torch

    picture = fine.reshape(1, 64, 8, 8)
    kernel = torch.eye(64, device=fine.device).reshape(64, 64, 1, 1)
    return bool(torch.nn.functional.conv2d(picture, kernel).equal(picture))


def _accumulation(case, device, deep):
    """Sums that cancel: exact in 32 bits, infinite or off where parts of them have 16."""
    import torch

    half = torch.full((deep // 2,), 200.0, device=device)
    cancelling = torch.cat([half, -half]).reshape(1, -1)
    small = torch.full((1, deep), 2.0**-10, device=device)
    small[0, 0] = 16.0
    for dtype in (torch.float16, torch.bfloat16):
        name = str(dtype).replace("torch.", "")
        ones = torch.ones(deep, 8, device=device, dtype=dtype)
        case("sum that cancels/%s" % name, partial(_first, cancelling.to(dtype), ones))
        case("sum of large and small/%s" % name, partial(_first, small.to(dtype), ones))


def _first(row, ones):
    return float((row @ ones)[0, 0])


def _large(case, device, deep):
    """Products of a model's size: few rows and many, and a width that nothing divides."""
    import torch

    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        name = str(dtype).replace("torch.", "")
        rows = torch_floats((512, deep), 61, dtype, device)
        for width in (1024, 1027):
            weight = torch_floats((width, deep), 62, dtype, device)
            _wide(case, name, rows, weight)
        bias = torch_floats((1027,), 63, dtype, device)
        case("linear with bias/%s" % name, partial(_linear, rows[:16], weight, bias))


def _wide(case, name, rows, weight):
    width, deep = weight.shape
    for count in (1, 16, 64, 512):
        title = "linear/%s [%d, %d, %d]" % (name, count, deep, width)
        case(title, partial(_linear, rows[:count], weight))
    case(
        "row 0 alone or among 64/%s [%d, %d]" % (name, deep, width),
        lambda: same_bits(_linear(rows[:64], weight)[:1], _linear(rows[:1], weight)),
    )


def _linear(rows, weight, bias=None):
    from torch.nn import functional

    return functional.linear(rows, weight, bias)


def _scaled(case, device):
    """A product of 8-bit floats: what it adds up in differs from one generation to the next."""
    import torch

    if not hasattr(torch, "_scaled_mm") or not hasattr(torch, "float8_e4m3fn"):
        return
    for rows in (16, 48):
        a = torch_floats((rows, 4096), 64, device=device).to(torch.float8_e4m3fn)
        b = torch_floats((64, 4096), 65, device=device).to(torch.float8_e4m3fn)
        case("scaled matmul/float8_e4m3fn [%d, 4096, 64]" % rows, partial(_eight, a, b))
    one = torch.full((16, 4096), 2.0**-9, device=device)
    one[:, 0] = 256.0
    ones = torch.ones((16, 4096), device=device).to(torch.float8_e4m3fn)
    small = one.to(torch.float8_e4m3fn)
    case("sum of large and small/float8_e4m3fn", lambda: float(_eight(small, ones)[0, 0]))


def _eight(a, b):
    import torch

    scale = torch.ones((), device=a.device)
    try:
        found = torch._scaled_mm(a, b.t(), scale, scale, out_dtype=torch.float32)
    except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        raise Skip("no product of 8-bit floats here") from error
    return found[0] if isinstance(found, tuple) else found  # A pair until torch 2.4.


def _timed(case, device):
    """A convolution, by the algorithm that cuDNN names and by the one that it times best."""
    import torch

    for dtype in (torch.float32, torch.bfloat16):
        name = str(dtype).replace("torch.", "")
        picture = torch_floats((2, 32, 32, 32), 66, dtype, device)
        kernel = torch_floats((64, 32, 3, 3), 67, dtype, device)
        for timed in (False, True):
            label = "conv2d/%s [32, 32, 32] %s" % (name, "timed" if timed else "named")
            case(label, partial(_chosen, timed, picture, kernel))


def _chosen(timed, picture, kernel):
    import torch

    flags = torch.backends.cudnn
    before, flags.benchmark = flags.benchmark, timed
    try:
        return torch.nn.functional.conv2d(picture, kernel, padding=1)
    finally:
        flags.benchmark = before


def _long(case, device, deep):
    """One query over many keys: the keys are split over as many multiprocessors as there are."""
    import torch

    for dtype in (torch.bfloat16, torch.float16):
        name = str(dtype).replace("torch.", "")
        inputs = [
            torch_floats((1, 8, count, 64), seed, dtype, device)
            for count, seed in ((1, 68), (deep, 69), (deep, 70))
        ]
        title = "attention/%s [1 of %d]" % (name, deep)
        case(title, partial(attended, None, inputs))


def _atomics(case, device):
    """Sums whose order nothing fixes: expected not to be the same each time on a GPU."""
    import torch

    values = torch_floats((1 << 16, 8), 71, device=device)
    rows = torch.arange(1 << 16, device=device) % 7
    case("index_add", lambda: torch.zeros(7, 8, device=device).index_add_(0, rows, values))


def collectives(case, devices, reduce):
    """Sums over devices; `reduce` makes one tensor a device into their sum, on each.

    Where 1e8, 1, -1e8 and 1 meet, the order shows: 2 only if nothing is rounded on the way.
    """
    import torch

    count = len(devices)
    for turn in range(min(count, 4)):
        numbers = [(1e8, 1.0, -1e8, 1.0)[(at + turn) % 4] for at in range(count)]
        case(
            "all-reduce that cancels/%d of %d" % (turn, count),
            partial(_met, reduce, devices, numbers),
        )
    for size in (4096, 1 << 20, 1 << 23):
        parts = [
            torch_floats((size,), 72 + at, torch.bfloat16, device)
            for at, device in enumerate(devices)
        ]
        case("all-reduce/bfloat16 [%d] of %d" % (size, count), lambda p=parts: reduce(p)[0])


def _met(reduce, devices, numbers):
    import torch

    parts = [torch.full((256,), each, device=at) for at, each in zip(devices, numbers)]
    return [float(part[0]) for part in reduce(parts)]
