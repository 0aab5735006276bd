"""What torch computes on fixed tensors, the same on any of its devices."""

from functools import partial

from .filled import torch_floats
from .record import Skip, same_bits

FEW, MORE = 4, 16
"""Values of a result that are kept: of a function's, of a product's."""
POINTS = 4096
FUNCTIONS = ("exp", "tanh", "sigmoid", "log", "rsqrt")
"""Those that models are made of, in each type; the others in float32 alone."""
OTHERS = ("sin", "erf", "expm1", "atan", "log1p", "sqrt", "lgamma")
POSITIVE = ("log", "log1p", "sqrt", "rsqrt", "lgamma")
BACKENDS = ("MATH", "FLASH_ATTENTION")
"""What attends on a CPU; a GPU has more."""


def operators(case, device, backends=BACKENDS):
    """Record every operator in each floating type, then what has a type of its own."""
    import torch

    with torch.no_grad():
        for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
            name = str(dtype).replace("torch.", "")
            made = partial(torch_floats, dtype=dtype, device=device)
            _products(partial(case, samples=MORE), name, made)
            _layers(partial(case, samples=MORE), name, made)
            chosen = backends if dtype in (torch.float32, torch.bfloat16) else ()
            _attention(partial(case, samples=MORE), name, made, chosen)
            _functions(partial(case, samples=FEW), name, made)
            _reductions(partial(case, samples=FEW), name, made)
        _mathematics(partial(case, samples=FEW), partial(torch_floats, device=device))
        _orders(case, device)
        _casts(case, device)
        _integers(partial(case, samples=MORE), device)


def _products(case, name, made):
    from torch.nn import functional

    a, b = made((64, 2048), 31), made((2048, 256), 32)
    case("matmul/%s [64, 2048, 256]" % name, lambda: a @ b)
    case("matmul/%s [1, 2048, 256]" % name, lambda: a[:1] @ b)
    case("row 0 alone or among 64/%s" % name, lambda: same_bits((a @ b)[:1], a[:1] @ b))
    weight, bias = made((253, 2048), 33), made((253,), 34)
    case("linear/%s [5, 2048, 253]" % name, lambda: functional.linear(a[:5], weight, bias))
    case("batched matmul/%s [8, 8, 64, 32]" % name, lambda: _batched(a, b))


def _batched(a, b):
    return a.reshape(8, 8, 2048)[:, :, :64] @ b.reshape(8, 64, 1024)[:, :, :32]


def _layers(case, name, made):
    from torch.nn import functional

    rows, scale = made((16, 1024), 35), made((1024,), 36)
    case("layer_norm/%s" % name, lambda: functional.layer_norm(rows, (1024,), scale, scale))
    case("rms_norm/%s" % name, lambda: _rms(rows) * scale)
    case("softmax/%s" % name, lambda: (rows * 8).softmax(-1))
    case("log_softmax/%s" % name, lambda: (rows * 8).log_softmax(-1))
    picture, kernel = made((1, 32, 32, 32), 37), made((16, 32, 3, 3), 38)
    case("conv2d/%s [32, 32, 32]" % name, lambda: functional.conv2d(picture, kernel))
    sound, window = made((1, 4, 200), 39), made((6, 4, 5), 40)
    case("conv1d/%s [4, 200]" % name, lambda: functional.conv1d(sound, window, stride=2))
    case("group_norm/%s" % name, lambda: functional.group_norm(picture, 4))
    case("interpolate/%s" % name, lambda: _enlarged(picture))


def _rms(rows):
    wide = rows.float() if rows.element_size() < 4 else rows
    return (wide * (wide.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()).to(rows.dtype)


def _enlarged(picture):
    from torch.nn import functional

    return functional.interpolate(picture, (31, 17), mode="bilinear", align_corners=False)


def _attention(case, name, made, backends):
    """Each way to compute attention by itself; the default is the one that a model gets."""
    q, k, v = (made((1, 8, 128, 64), seed) for seed in (41, 42, 43))
    mask = made((7, 100), 44)
    for backend in (None, *backends):
        label = "attention/%s %s" % (name, (backend or "default").lower())
        case("%s causal" % label, partial(attended, backend, (q, k, v), is_causal=True))
        few = q[:, :, :7], k[:, :, :100], v[:, :, :100]
        case("%s masked" % label, partial(attended, backend, few, attn_mask=mask))
        case("%s decode" % label, partial(attended, backend, (q[:, :, :1], k, v)))


def attended(backend, inputs, **how):
    """Attention by one backend; what that one cannot compute here is no case."""
    from torch.nn import functional

    attend = getattr(functional, "scaled_dot_product_attention", None)
    if attend is None:
        raise Skip("this release has no scaled_dot_product_attention")
    if backend is None:
        return attend(*inputs, **how)
    with _only(backend):
        try:
            return attend(*inputs, **how)
        except RuntimeError as error:
            if any(word in str(error) for word in ("viable", "vailable")):
                raise Skip("no kernel of this backend") from None
            raise


def _only(backend):
    """A context in which one backend is allowed, without a word about why others are not."""
    import warnings

    warnings.simplefilter("ignore")
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        raise Skip("this release cannot choose a backend") from None
    if not hasattr(SDPBackend, backend):
        raise Skip("this release has no such backend")
    return sdpa_kernel(getattr(SDPBackend, backend))


def _functions(case, name, made):
    from torch.nn import functional

    wide = made((POINTS,), 45) * 8
    positive = wide.abs() + 2.0**-7
    for each in FUNCTIONS:
        points = positive if each in POSITIVE else wide
        case("%s/%s" % (each, name), partial(_applied, each, points))
    case("silu/%s" % name, lambda: functional.silu(wide))
    case("gelu/%s" % name, lambda: functional.gelu(wide))
    case("gelu tanh/%s" % name, lambda: functional.gelu(wide, approximate="tanh"))
    case("pow/%s" % name, lambda: positive.pow(wide))
    case("division/%s" % name, lambda: wide / positive.flip(0))


def _applied(name, points):
    import torch

    return getattr(torch, name)(points)


def _reductions(case, name, made):
    many = made((1 << 20,), 46)
    rows = many[: 1 << 16].reshape(64, 1024)
    case("sum/%s [2^20]" % name, many.sum)
    case("mean of rows/%s" % name, lambda: rows.mean(-1))
    case("sum of columns/%s" % name, lambda: rows.sum(0))
    case("variance/%s" % name, lambda: rows.var(-1))
    case("norm/%s" % name, lambda: rows.norm(dim=-1))
    case("cumsum/%s" % name, lambda: rows.cumsum(-1))
    case("logsumexp/%s" % name, lambda: rows.logsumexp(-1))
    case("denormals/%s" % name, lambda: _denormals(many))


def _denormals(like):
    """Whether the smallest numbers of a type stay, or become zero."""
    import torch

    smallest = torch.finfo(like.dtype).tiny
    return [float(value) for value in torch.full_like(like[:2], smallest) * 0.25]


def _mathematics(case, made):
    """What models have seldom, in float32 alone: other functions, decompositions, a transform."""
    import torch

    wide = made((POINTS,), 45) * 8
    positive = wide.abs() + 2.0**-7
    for each in OTHERS:
        points = positive if each in POSITIVE else wide
        case("%s/float32" % each, partial(_applied, each, points))
    square = made((48, 48), 47)
    definite = square @ square.T + 48 * torch.eye(48, device=square.device)
    case("solve/float32", lambda: torch.linalg.solve(definite, square[0]))
    case("cholesky/float32", lambda: torch.linalg.cholesky(definite))
    case("singular values/float32", lambda: torch.linalg.svdvals(square))
    case("qr/float32", lambda: torch.linalg.qr(square)[1])
    case("rfft/float32 [1000]", lambda: torch.fft.rfft(made((1000,), 48)))


def _orders(case, device):
    """Which of equal elements comes first."""
    import torch

    for dtype in (torch.float32, torch.bfloat16, torch.int64):
        name = str(dtype).replace("torch.", "")
        ties = torch.tensor([9.0] * 6 + [0.0, 9.0], device=device).to(dtype)
        longer = (torch_floats((2000,), 49, device=device) * 8).round().to(dtype)
        case("argsort of ties/%s" % name, lambda t=ties: t.argsort().tolist())
        case("argsort of many ties/%s" % name, lambda t=longer: t.argsort(), samples=FEW)
        case("stable argsort/%s" % name, lambda t=longer: t.sort(stable=True)[1], samples=FEW)
        case("top 5/%s" % name, lambda t=longer: t.topk(5)[1].tolist())
        case("argmax of ties/%s" % name, lambda t=longer: int(t.argmax()))
        case("median of ties/%s" % name, lambda t=longer: int(t.median(0)[1]))


def _casts(case, device):
    import torch

    numbers = torch.tensor(
        [0.3, 1.5, 2.5, 17.0, 19.0, 447.0, 465.0, 57345.0, 65520.0, 1e-3, 1e-7, -0.0, 3e38],
        device=device,
    )
    for name in ("bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "int8", "int32"):
        case("cast to %s" % name, partial(_cast, numbers[:8] if "int" in name else numbers, name))
    case("type of float16 + float32", lambda: str((numbers.half() + numbers).dtype))
    case("type of int64 / int64", lambda: str((torch.tensor(1) / torch.tensor(2)).dtype))
    case("type of float16 * float", lambda: str((numbers.half() * 2.5).dtype))
    case("default type", lambda: str(torch.get_default_dtype()))


def _cast(numbers, name):
    import torch

    if not hasattr(torch, name):
        raise Skip("this release has no such type")
    return numbers.to(getattr(torch, name))


def _integers(case, device):
    """Products of bytes; with 127 everywhere, 16-bit sums of older vector code overflow."""
    import torch

    a, b = (
        (torch_floats(shape, seed, device=device) * 127).round().to(torch.int8)
        for shape, seed in (((32, 256), 50), ((256, 64), 51))
    )
    if hasattr(torch, "_int_mm"):
        case("matmul/int8 [32, 256, 64]", lambda: torch._int_mm(a, b))
        full = torch.full_like(a, 127), torch.full_like(b, -127)
        case("matmul/int8 largest", lambda: torch._int_mm(*full))
    case("matmul/int32", lambda: a.cpu().int() @ b.cpu().int())
