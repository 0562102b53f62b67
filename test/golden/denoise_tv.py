"""Golden values of total variation denoising by split Bregman, computed by scikit-image in float64.

    python3 test/golden/denoise_tv.py OUT.npz

OUT.npz holds float32 arrays

    image            [H, W, C]  a picture of 0...255 with edges, ramps and noise
    WEIGHT/SWEEPS    [H, W, C]  skimage.restoration.denoise_tv_bregman(image, WEIGHT) after so many sweeps

eps is 0, so that it does not stop before. Channels are denoised each by itself; they are given one by one, because
scikit-image 0.19 begins the second with what is left of the first. Needs scikit-image 0.19 and NumPy.
"""

import sys

import numpy as np
from skimage.restoration import denoise_tv_bregman

HEIGHT, WIDTH, CHANNELS = 21, 34, 3
CASES = ((0.01, 100), (0.4, 1), (0.4, 2), (0.4, 30), (0.4, 100), (2.0, 7), (2.0, 100))


def picture():
    row, column = np.mgrid[:HEIGHT, :WIDTH]
    disk = (row - 9) ** 2 + (column - 12) ** 2 < 40
    channels = [200.0 * disk + 20, 6.0 * column, 90.0 + 100 * (column > 22) - 3 * row]
    noisy = np.stack(channels, axis=-1) + np.random.default_rng(1).normal(0, 12, (HEIGHT, WIDTH, CHANNELS))
    return np.clip(noisy, 0, 255).astype(np.float32)


def main(out):
    image = picture()
    arrays = {"image": image}
    for weight, sweeps in CASES:
        channels = [
            denoise_tv_bregman(image[..., c].astype(np.float64), weight, max_num_iter=sweeps, eps=0)
            for c in range(CHANNELS)
        ]
        arrays[f"{weight}/{sweeps}"] = np.stack(channels, axis=-1).astype(np.float32)
    np.savez_compressed(out, **arrays)


main(*sys.argv[1:])
