"""What Pillow decodes, resizes and converts."""

import io

from . import fixed, images
from .record import Block, Skip

NEEDS = ("pillow|pillow-simd",)
FAMILY = "preprocessing"
IMPACTS = ("preprocessing",)
COVERS = ("python.package:pillow", "python.package:pillow-simd")

FILTERS = ("NEAREST", "BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS")
TYPES = {"F": ("float32", 4), "I": ("int32", 4)}
"""By mode, where an element has more than a byte."""
SIZES = ((17, 13), (61, 47))
"""Smaller and larger than the picture, in no whole steps."""


def run(case, job):
    from PIL import Image, ImageOps

    decoded(case)
    picture = Image.frombytes("RGB", (37, 29), fixed.octets(37 * 29 * 3))
    resized(case, picture)
    for mode in ("L", "1", "P", "CMYK", "YCbCr", "HSV"):
        case("convert/" + mode, lambda mode=mode: pixels(picture.convert(mode)))
    colours = Image.frombytes("RGBA", (37, 29), fixed.octets(37 * 29 * 4, 1))
    case("convert/RGBA to RGB", lambda: pixels(colours.convert("RGB")))
    case("quantize", lambda: pixels(picture.quantize(16).convert("RGB")))
    case("rotate", lambda: pixels(picture.rotate(17, Image.BICUBIC, expand=True)))
    case("fit", lambda: pixels(ImageOps.fit(picture, (16, 16), Image.BILINEAR)))
    case("encode/JPEG", lambda: encoded(picture, "JPEG", quality=75))
    case("encode/PNG", lambda: pixels(Image.open(io.BytesIO(encoded(picture, "PNG")))))


def decoded(case):
    from PIL import ImageOps

    for name, data in sorted(images.encoded().items()):
        case("decode/" + name, lambda data=data: pixels(opened(data)))
    files = images.encoded()
    case("turn", lambda: pixels(ImageOps.exif_transpose(opened(files["jpeg_turned"]))))
    case("thumbnail", lambda: thumbnail(opened(files["jpeg420"])))


def resized(case, picture):
    from PIL import Image

    for size in SIZES:
        for name in FILTERS:
            how = getattr(Image, name)
            title = "resize/%s %dx%d" % (name, size[0], size[1])
            case(title, lambda size=size, how=how: pixels(picture.resize(size, how)))
    case("resize/default", lambda: pixels(picture.resize(SIZES[0])))
    case("resize/reduced", lambda: pixels(picture.resize((5, 4), Image.BICUBIC, reducing_gap=2.0)))
    for mode in ("L", "F", "I"):
        case("resize/" + mode, lambda mode=mode: pixels(picture.convert(mode).resize(SIZES[0], 2)))


def opened(data):
    from PIL import Image

    try:
        return Image.open(io.BytesIO(data))
    except OSError:
        raise Skip("a format that this build has not") from None


def thumbnail(picture):
    picture.thumbnail((7, 7))
    return pixels(picture)


def encoded(picture, form, **options):
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def pixels(picture):
    """All values of a picture, by rows."""
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I")  # Releases differ in the mode, not in the values.
    if picture.mode in ("1", "P"):
        picture = picture.convert("RGB")
    dtype, size = TYPES.get(picture.mode, ("uint8", 1))
    shape = (picture.height, picture.width, len(picture.getbands()))
    return Block(dtype, shape, size, picture.tobytes())
