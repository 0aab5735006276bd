"""What librosa makes of a sound before a model hears it."""

from . import sound

NEEDS = ("librosa",)
FAMILY = "preprocessing"
IMPACTS = ("preprocessing",)
COVERS = ("python.package:librosa", "python.package:soxr")


def run(case, job):
    import librosa
    import numpy as np

    wave = np.array(sound.samples(4000), np.float32)
    case("resample", lambda: librosa.resample(wave, orig_sr=44100, target_sr=16000))
    case("stft", lambda: librosa.stft(wave, n_fft=400, hop_length=160))
    case("filters", lambda: librosa.filters.mel(sr=16000, n_fft=400, n_mels=80))
    case("filters/htk", lambda: librosa.filters.mel(sr=16000, n_fft=400, n_mels=40, htk=True))
    mel = {"sr": 16000, "n_fft": 400, "hop_length": 160, "n_mels": 80}
    case("mel", lambda: librosa.feature.melspectrogram(y=wave, **mel))
    power = librosa.feature.melspectrogram(y=wave, **mel)
    case("decibel", lambda: librosa.power_to_db(power))
