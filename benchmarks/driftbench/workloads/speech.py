"""Features of sound through librosa: resampling as it comes, mel bands, MFCC."""

import math

import librosa
import numpy as np
from outputs import array, emit, numbers

noise = np.array(numbers(22050, 9), np.float32) - np.float32(0.5)
tone = np.array([0.4 * math.sin(0.07 * i) for i in range(22050)], np.float32) + 0.05 * noise
slower = librosa.resample(tone, orig_sr=22050, target_sr=16000)
mel = librosa.feature.melspectrogram(y=slower, sr=16000, n_mels=40)
emit(
    {
        "resampled": array(slower[:3000]),
        "length": len(slower),
        "mel": array(mel[:, :20].astype(np.float32)),
        "mfcc": array(librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=13)[:, :20]),
        "filters": array(librosa.filters.mel(sr=16000, n_fft=400, n_mels=80)[:, :60]),
    }
)
