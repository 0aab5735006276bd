"""What soxr resamples."""

from . import sound

NEEDS = ("soxr",)
FAMILY = "preprocessing"
IMPACTS = ("preprocessing",)
COVERS = ("python.package:soxr",)

RATES = ((44100, 16000), (48000, 16000), (16000, 24000))


def run(case, job):
    import numpy as np
    import soxr

    wave = np.array(sound.samples(2205), np.float32)
    for source, target in RATES:
        for quality in ("HQ", "VHQ"):
            case(
                "%d to %d %s" % (source, target, quality),
                lambda s=source, t=target, q=quality: soxr.resample(wave, s, t, quality=q),
            )
    case("default", lambda: soxr.resample(wave, 44100, 16000))
    whole = (wave * 16384).astype(np.int16)
    case("int16", lambda: soxr.resample(whole, 44100, 16000))
    case("float64", lambda: soxr.resample(wave.astype(np.float64), 44100, 16000))
    case("stereo", lambda: soxr.resample(np.stack([wave, -wave], 1), 44100, 16000))
