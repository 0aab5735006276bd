"""What SciPy is asked for around models: filters, statistics, optimisation, distances, sparse."""

import numpy as np
from outputs import array, emit, numbers
from scipy import fft, interpolate, ndimage, optimize, signal, sparse, spatial, special, stats
from scipy.sparse.linalg import svds

x = np.array(numbers(400, 51)) - 0.5
y = 0.3 * x + np.array(numbers(400, 52)) - 0.5
low = signal.butter(4, 0.2, output="sos")
table = x.reshape(40, 10)
best = optimize.minimize(lambda v: (v[0] - 1) ** 2 + 3 * (v[1] + 0.5) ** 4, [0.0, 0.0])
fit = optimize.curve_fit(
    lambda t, a, b: a * np.exp(-b * t), np.arange(10), 2 * 0.8 ** np.arange(10)
)
emit(
    {
        "filtered": array(signal.sosfiltfilt(low, x)),
        "resampled": array(signal.resample_poly(x, 3, 2)[:300]),
        "welch": array(signal.welch(x, nperseg=128)[1]),
        "ttest": array(np.array(stats.ttest_ind(x, y))),
        "spearman": array(np.array(stats.spearmanr(x, y))),
        "mannwhitney": array(np.array(stats.mannwhitneyu(x, y))),
        "kde": array(stats.gaussian_kde(x)(np.linspace(-0.5, 0.5, 20))),
        "norm": array(stats.norm.ppf(np.linspace(0.01, 0.99, 20))),
        "best": array(np.round(best.x, 4)),
        "fit": array(np.round(fit[0], 6)),
        "distances": array(spatial.distance.cdist(table[:8], table[8:20], "cosine")),
        "nearest": spatial.cKDTree(table).query(table[:10], 3)[1].tolist(),
        "softmax": array(special.softmax(table, axis=1)[:10]),
        "gamma": array(special.gammaln(np.linspace(0.5, 9, 20))),
        "zoomed": array(ndimage.zoom(table[:12], 1.5, order=3)),
        "dct": array(fft.dct(x[:64], norm="ortho")),
        "spline": array(interpolate.CubicSpline(np.arange(20), x[:20])(np.linspace(0, 19, 40))),
        "singular": array(np.sort(svds(sparse.csr_matrix(table), k=3, v0=np.ones(10))[1])),
        "mode": str(stats.mode(np.array([1, 2, 2, 3, 3])).mode),
    }
)
