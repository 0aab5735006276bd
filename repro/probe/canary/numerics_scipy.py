"""What SciPy solves, transforms, filters and fits."""

from functools import partial

from . import fixed

NEEDS = ("scipy", "numpy")
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = ("python.package:scipy",)


def run(case, job):
    import numpy as np
    from scipy import fft, interpolate, linalg, ndimage, optimize, signal, sparse, special, stats
    from scipy.spatial import distance

    case = partial(case, samples=64)
    square = np.array(fixed.floats(144, 1)).reshape(12, 12)
    right, wave = np.array(fixed.floats(12, 2)), np.array(fixed.floats(256, 3))
    case("solve", lambda: linalg.solve(square, right))
    case("singular values", lambda: linalg.svdvals(square))
    case("exponential", lambda: linalg.expm(square / 4))
    case("cholesky", lambda: linalg.cholesky(square @ square.T + np.eye(12)))
    case("fft", lambda: fft.fft(wave[:210]))
    case("dct", lambda: fft.dct(wave[:64], norm="ortho"))
    case("filter", lambda: signal.sosfilt(signal.butter(4, 0.3, output="sos"), wave))
    case("resample", lambda: signal.resample_poly(wave, 3, 4))
    case("convolve", lambda: signal.fftconvolve(wave, right))
    case("zoom", lambda: ndimage.zoom(square, 1.7, order=3))
    case("spline", lambda: interpolate.CubicSpline(np.arange(12), right)(np.arange(0, 11, 0.3)))
    case("minimum", lambda: optimize.minimize(bowl, np.zeros(4), method="L-BFGS-B").x)
    case("assignment", lambda: optimize.linear_sum_assignment(square)[1])
    thin = sparse.csr_matrix(np.where(np.abs(square) < 0.3, square, 0.0))
    case("sparse product", lambda: thin @ square)
    case("special", lambda: special.erf(wave) + special.gammaln(wave + 2) + special.expit(wave))
    case("logsumexp", lambda: special.logsumexp(square, axis=1))
    case("cosine", lambda: distance.cdist(square, square, "cosine"))
    case("rank", lambda: stats.rankdata(np.floor(wave * 8)))
    case("spearman", lambda: np.array(stats.spearmanr(wave[:128], wave[128:])))
    case("quantiles", lambda: stats.norm.ppf((wave + 1.5) / 3))


def bowl(x):
    """Rosenbrock's function."""
    return sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
