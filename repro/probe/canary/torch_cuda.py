"""Whether torch can compute on a GPU here, and what is not a result: that its memory is full."""

from .record import Skip


def device():
    """The first GPU; raises Skip where torch sees none."""
    import torch

    if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
        raise Skip("torch is built without CUDA")
    if not torch.cuda.is_available():
        raise Skip("torch sees no GPU")
    return torch.device("cuda", 0)


def spared(case):
    """A recorder that leaves out what did not fit beside whoever else uses the GPU."""
    import torch

    full = getattr(torch.cuda, "OutOfMemoryError", None)

    def recorded(name, compute, **options):
        def computed():
            try:
                return compute()
            except RuntimeError as error:
                if (full and isinstance(error, full)) or "out of memory" in str(error):
                    raise Skip("no memory left on the GPU") from None
                raise

        case(name, computed, **options)

    return recorded
