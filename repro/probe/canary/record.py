"""Turns what a canary computes into hashes of its bits, and into values that size a difference."""

import base64
import hashlib
import json

RUNS = 3
"""Times that each case is computed: what is not the same each time is nondeterministic here."""
TEXT_RUNS = 2
"""Times that each of many texts is: hundreds of them tell what wavers, and most time goes there."""
SAMPLES = 256
"""Values of an array that are kept; few hundred tell rounding from another result."""
KEPT = 4000
"""Characters of a value that is kept as it is."""
SHORT = 5
"""Characters of 6 bits that stand for one case among hundreds: one false match in 2^30."""
UNSTABLE = "?" * SHORT
"""Stands for a case that is not the same each time."""
TORCH_BITS = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}
"""By bytes of an element: what NumPy can hold of types that it does not know (bfloat16, fp8)."""


ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Skip(Exception):  # noqa: N818  # Not an error: the case does not apply.
    """A case that does not apply here (no GPU, an operator that this release has not)."""


class Declined(Exception):  # noqa: N818  # No error: it is left alone on purpose.
    """A canary that is not run, though what it looks at is there: too large, or not safe to load.

    It is then not compared, and nothing is settled in its place.
    """


class Block:
    """An array of a library that needs no NumPy.

    NumPy's name of its type, its shape, the bytes of an element, little-endian bytes in C order.
    """

    def __init__(self, dtype, shape, size, data):
        self.parts = (dtype, shape, size, data)


class Recorder:
    """Takes cases one by one: computes each several times and keeps what a manifest needs."""

    def __init__(self, full=False):
        self.full = full
        """Whether every value is kept, not only those of telling cases."""
        self.results, self.series, self.kept = {}, {}, {}
        self.unstable = []
        self.beside = {}

    def tell(self, **facts):
        """Say what explains results and is none itself: it is not compared as a case."""
        self.beside.update(facts)

    def __call__(self, name, compute, keep=True, runs=RUNS, samples=SAMPLES):
        """Record one case: what `compute()` returns, or the kind of error that it raises.

        A value may be an array (NumPy, torch, JAX or anything with `__array__`), text, bytes, or
        plain data. With `keep`, small plain values are kept; of an array, up to `samples` values.
        """
        first = _entry(compute, samples)
        if first is None:
            return
        again = [_entry(compute, samples) for _ in range(runs - 1)]
        if any(other is None or other["hash"] != first["hash"] for other in again):
            self.unstable.append(name)  # No value: it would be another one the next time.
            return
        if not keep and not self.full:
            first.pop("value", None)
        self.results[name] = first

    def over(self, texts, telling=(), **aspects):
        """Record many small cases: each aspect is a function of one text.

        `texts` is a list of (name, text); values of the names in `telling` are kept. The hashes of
        an aspect are kept together, SHORT characters for each text, in the order of the texts.
        """
        for aspect, compute in sorted(aspects.items()):
            self.parts(texts, telling, (aspect,), lambda text, make=compute: [make(text)])

    def parts(self, texts, telling, aspects, compute, keep=None):
        """The same where one call gives all `aspects` of a text: `compute` returns their list.

        Values are kept of the aspects in `keep`, or of all.
        """
        wanted = {(aspect, name) for name in telling for aspect in keep or aspects}
        hashes, kept = {aspect: [] for aspect in aspects}, {aspect: {} for aspect in aspects}
        for name, text in texts:
            runs = [_parts(compute, text, len(aspects)) for _ in range(TEXT_RUNS)]
            for aspect, (value, *again) in zip(aspects, zip(*runs)):
                if any(other != value for other in again):  # Plain data, so that this is exact.
                    hashes[aspect].append(UNSTABLE)
                    continue
                data = canonical(value)
                hashes[aspect].append(_short(data))
                if (self.full or (aspect, name) in wanted) and len(data) <= KEPT:
                    kept[aspect][name] = value
        self.series.update({aspect: "".join(found) for aspect, found in hashes.items()})
        self.kept.update({aspect: found for aspect, found in kept.items() if found})

    def payload(self):
        """All that was recorded, as plain data without floats."""
        cases = len(self.results) + len(self.unstable)
        cases += sum(len(hashes) // SHORT for hashes in self.series.values())
        told = {"cases": cases, "results": self.results, "series": self.series, "kept": self.kept}
        told["unstable"] = sorted(self.unstable)
        return dict(self.beside, **{key: value for key, value in told.items() if value})


def _short(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")[:SHORT]


def _hash(data):
    return hashlib.sha256(data).hexdigest()[:24]


def _parts(compute, text, count):
    """The parts of what is made of a text, as a manifest may hold them; its error for each."""
    try:
        return [plain(part) for part in compute(text)]
    except Exception as error:  # noqa: BLE001
        return [{"error": type(error).__name__}] * count


def _entry(compute, samples):
    try:
        return entry(compute(), samples)
    except Skip:
        return None
    except Exception as error:  # noqa: BLE001
        name = type(error).__name__
        return {"hash": _hash(b"error " + name.encode()), "error": name}


def entry(value, samples=SAMPLES):
    """What is kept of one value: its hash, and a sample or the value itself if that is small."""
    array = _array(value)
    if array is not None:
        dtype, shape, size, data = array
        head = ("%s %s " % (dtype, list(shape))).encode("ascii")
        told = {"hash": _hash(head + data), "dtype": dtype, "shape": list(shape)}
        told["sample"] = base64.b64encode(_sample(data, size, samples)).decode("ascii")
        return told
    value = plain(value)
    data = canonical(value)
    told = {"hash": _hash(data)}
    if len(data) <= KEPT:
        told["value"] = value
    return told


def same_bits(one, other):
    """Whether two ways to one result end at the same bits, as a value to be recorded."""
    return {"same_bits": entry(one)["hash"] == entry(other)["hash"]}


def _sample(data, size, most):
    """Up to `most` elements at even steps; odd ones, so that they wander through all columns."""
    count = len(data) // size if size else 0
    step = max(1, -(-count // most)) | 1
    return b"".join(data[at * size : (at + 1) * size] for at in range(0, count, step))


def _array(value):
    """(dtype, shape, bytes of an element, bytes in C order) of an array; None for other values."""
    if isinstance(value, Block):
        return value.parts
    if hasattr(value, "detach") and hasattr(value, "element_size"):
        return _tensor(value)
    if hasattr(value, "__array__") and hasattr(value, "shape"):
        import numpy as np

        array = np.ascontiguousarray(np.asarray(value))
        if array.dtype.kind in "OUS":
            return None
        return str(array.dtype), value.shape, array.dtype.itemsize, array.tobytes()
    return None


def _tensor(value):
    import torch

    tensor = value.detach().cpu().contiguous()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor).contiguous()
    dtype, size = str(tensor.dtype).replace("torch.", ""), tensor.element_size()
    flat = tensor.reshape(-1)
    if flat.dtype is not torch.bool:
        flat = flat.view(getattr(torch, TORCH_BITS[size]))
    try:
        data = flat.numpy().tobytes()
    except (RuntimeError, TypeError):  # torch without NumPy.
        numbers = flat.view(torch.uint8).tolist() if flat.dtype is not torch.bool else flat.tolist()
        data = bytes(numbers)
    return dtype, tuple(value.shape), size, data


def plain(value):
    """A value as a manifest may hold it: floats as hex text, tuples and sets as lists."""
    if value is None or isinstance(value, (bool, int)):
        return value
    for types, form in FORMS:
        if isinstance(value, types):
            return form(value)
    return plain(value.tolist() if hasattr(value, "tolist") else str(value))


def _sorted(value):
    return sorted((plain(item) for item in value), key=canonical)


def _listed(value):
    kinds = set(map(type, value))
    if kinds <= {int} or (kinds == {str} and _valid("".join(value))):
        return list(value)  # Ids and pieces of texts: thousands of them, many times.
    return [plain(item) for item in value]


def _valid(text):
    """Whether UTF-8 has the text as it is: no half of a pair of UTF-16."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


FORMS = (
    (float, float.hex),
    (str, lambda value: value.encode("utf-8", "backslashreplace").decode("utf-8")),
    ((bytes, bytearray), lambda value: "base64:" + base64.b64encode(bytes(value)).decode("ascii")),
    (dict, lambda value: {str(plain(key)): plain(value[key]) for key in value}),
    ((set, frozenset), _sorted),
    ((list, tuple), _listed),
)
"""Types, and how a value of them is written; float and str subclasses of NumPy are among them."""


def canonical(value):
    """The bytes that stand for plain data: JSON with sorted keys, no white space."""
    return ENCODER.encode(value).encode("ascii")
