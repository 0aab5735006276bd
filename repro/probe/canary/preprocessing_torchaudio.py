"""What torchaudio makes of a sound before a model hears it."""

from . import sound

NEEDS = ("torch", "torchaudio")
FAMILY = "preprocessing"
IMPACTS = ("preprocessing",)
COVERS = ("python.package:torchaudio",)
DEVICE = "cpu"


def run(case, job):
    import torch
    import torchaudio

    f = torchaudio.functional
    wave = torch.tensor(sound.samples(4000), dtype=torch.float32).reshape(1, -1)
    for source, target in ((44100, 16000), (48000, 16000), (16000, 24000)):
        title = "resample/%d to %d" % (source, target)
        case(title, lambda s=source, t=target: f.resample(wave, s, t))
    case(
        "resample/kaiser",
        lambda: f.resample(wave, 44100, 16000, resampling_method="sinc_interp_kaiser"),
    )
    mel = {"sample_rate": 16000, "n_fft": 400, "hop_length": 160, "n_mels": 80}
    case("mel", lambda: torchaudio.transforms.MelSpectrogram(**mel)(wave))
    slaney = dict(mel, norm="slaney", mel_scale="slaney")
    case("mel/slaney", lambda: torchaudio.transforms.MelSpectrogram(**slaney)(wave))
    case("mfcc", lambda: torchaudio.transforms.MFCC(16000, 13, melkwargs={"n_mels": 40})(wave))
    kaldi = torchaudio.compliance.kaldi
    case("fbank", lambda: kaldi.fbank(wave, dither=0.0, num_mel_bins=80))
    case("decibel", lambda: f.amplitude_to_DB(wave.abs(), 10.0, 1e-10, 0.0))
    case("mulaw", lambda: f.mu_law_encoding(wave, 256))
