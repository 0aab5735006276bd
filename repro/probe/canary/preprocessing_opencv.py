"""What OpenCV decodes, resizes, warps and converts."""

from functools import partial

from . import fixed, images

NEEDS = (
    "opencv-python|opencv-python-headless|opencv-contrib-python|opencv-contrib-python-headless",
)
FAMILY = "preprocessing"
IMPACTS = ("preprocessing",)
COVERS = ("python.package:opencv-*",)

METHODS = ("NEAREST", "LINEAR", "CUBIC", "AREA", "LANCZOS4", "NEAREST_EXACT", "LINEAR_EXACT")
COLOURS = ("BGR2RGB", "BGR2GRAY", "BGR2YCrCb", "BGR2HSV", "BGR2Lab", "BGR2YUV_I420")
SIZES = ((17, 13), (61, 47), (96, 72))


def run(case, job):
    import cv2
    import numpy as np

    case = partial(case, samples=128)
    noise = np.frombuffer(fixed.octets(30 * 38 * 3), np.uint8).reshape(30, 38, 3)
    tenth = noise.astype(np.float32) / np.float32(255)
    for name, data in sorted(images.encoded().items()):
        bits = np.frombuffer(data, np.uint8)
        case("decode/" + name, lambda bits=bits: found(cv2.imdecode(bits, cv2.IMREAD_COLOR)))
        if name.startswith("png"):
            case("unchanged/" + name, lambda bits=bits: found(cv2.imdecode(bits, -1)))
    for name in METHODS:
        resized(case, cv2, name, noise, tenth)
    for name in COLOURS:
        code = getattr(cv2, "COLOR_" + name)
        case("colour/" + name, lambda code=code: cv2.cvtColor(noise, code))
    turn = np.array([[0.9, -0.25, 4.0], [0.25, 0.9, -2.0]])
    lean = np.array([[0.9, -0.25, 4.0], [0.25, 0.9, -2.0], [0.001, 0.002, 1.0]])
    for name in ("LINEAR", "CUBIC"):
        how = getattr(cv2, "INTER_" + name)
        case("affine/" + name, lambda how=how: cv2.warpAffine(noise, turn, (32, 24), flags=how))
        case("lean/" + name, lambda how=how: cv2.warpPerspective(noise, lean, (32, 24), flags=how))
    case("blur", lambda: cv2.GaussianBlur(noise, (5, 5), 1.2))
    case("equalize", lambda: cv2.equalizeHist(noise[:, :, 0]))
    case("encode/JPEG", lambda: cv2.imencode(".jpg", noise)[1])


def resized(case, cv2, name, noise, tenth):
    how = getattr(cv2, "INTER_" + name, None)
    if how is None:
        return
    for size in SIZES:
        title = "resize/%s %dx%d" % (name, size[0], size[1])
        case(title, lambda size=size: cv2.resize(noise, size, interpolation=how))
    case("resize/%s float32" % name, lambda: cv2.resize(tenth, SIZES[0], interpolation=how))


def found(picture):
    if picture is None:
        raise ValueError("not decoded")
    return picture
