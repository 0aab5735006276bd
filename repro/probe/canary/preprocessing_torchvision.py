"""What torchvision's transforms make of tensors and pictures."""

from functools import partial

from . import fixed
from .record import Skip

NEEDS = ("torch", "torchvision")
FAMILY = "preprocessing"
IMPACTS = ("preprocessing",)
COVERS = ("python.package:torchvision",)
DEVICE = "cpu"


def run(case, job):
    import torch
    import torchvision
    from torchvision.transforms import functional as f

    case = partial(case, samples=64)
    noise = torch.tensor(list(fixed.octets(3 * 31 * 41)), dtype=torch.uint8).reshape(3, 31, 41)
    tenth = noise.to(torch.float32) / 255
    for name, picture in (("uint8", noise), ("float32", tenth)):
        both(case, "transforms/" + name, torchvision.transforms, picture)
    modern = getattr(torchvision.transforms, "v2", None)
    if modern is None:
        modern = optional("torchvision.transforms.v2")
    for name, picture in (("uint8", noise), ("float32", tenth)):
        both(case, "v2/" + name, modern, picture)
    case("gray", lambda: f.rgb_to_grayscale(tenth))
    case("brightness", lambda: f.adjust_brightness(tenth, 1.3))
    case("turn", lambda: f.rotate(tenth, 17.0))
    case("crop", lambda: f.center_crop(noise, [24, 24]))
    case("pad", lambda: f.pad(noise, [1, 2], padding_mode="reflect"))
    pictures(case, noise, f)


def both(case, name, transforms, picture):
    """What the two generations of transforms share."""
    if transforms is None:
        return
    modes = transforms.InterpolationMode
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    case(name + "/resize default", lambda: transforms.Resize(16)(picture))
    for mode in (modes.NEAREST, modes.BILINEAR, modes.BICUBIC):
        for antialias in (True, False):
            made = transforms.Resize([17, 23], interpolation=mode, antialias=antialias)
            title = "%s/resize %s antialias=%s" % (name, mode.value, antialias)
            case(title, lambda made=made: made(picture))
    if picture.is_floating_point():
        case(name + "/normalize", lambda: transforms.Normalize(mean, deviation)(picture))
    case(name + "/crop", lambda: transforms.CenterCrop(20)(picture))


def pictures(case, noise, f):
    """The road through Pillow, which most processors of models take."""

    def resized():
        try:
            return f.to_tensor(f.resize(f.to_pil_image(noise), [17, 23]))
        except ImportError:
            raise Skip("no Pillow") from None

    case("picture/resize", resized)


def optional(name):
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        return None
