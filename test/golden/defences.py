"""What defences make of a picture, by SciPy, NumPy and Pillow.

    python3 test/golden/defences.py OUT.npz

writes uint8 arrays [17, 22, 3]:

    picture           shapes with grain
    median-2, -3, -5  scipy.ndimage.median_filter of so many pixels a side, channel by channel
    blur-1, blur-2    scipy.ndimage.gaussian_filter cut at 3 sigma, beyond the edges nothing, divided by the same of ones
    bits-1, -3, -5    round(x (2^b - 1)) / (2^b - 1) of x in 0...1
    jpeg-20, jpeg-75  through a JPEG file of Pillow (libjpeg), color at half the resolution: another encoder's choice of the
                      same quality, so alike and not the same

Needs SciPy, NumPy and Pillow.
"""

import io
import sys

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, median_filter

random = np.random.default_rng(3)
y, x = np.mgrid[:17, :22]
picture = np.stack([80 + 5 * x, 200 - 6 * y, 60 + 4 * (x + y)], -1).astype(float)
picture[(y - 8) ** 2 + (x - 9) ** 2 < 20] = [220, 40, 90]
picture = (picture + random.normal(0, 12, picture.shape)).clip(0, 255).round().astype(np.uint8)
found = {"picture": picture}
for size in (2, 3, 5):
    found[f"median-{size}"] = median_filter(picture, (size, size, 1))
for sigma in (1, 2):
    sigmas = (sigma, sigma, 0)
    blurred = gaussian_filter(picture.astype(float), sigmas, mode="constant", truncate=3)
    weights = gaussian_filter(np.ones(picture.shape), sigmas, mode="constant", truncate=3)
    found[f"blur-{sigma}"] = (blurred / weights).round().astype(np.uint8)
for bits in (1, 3, 5):
    most = 2**bits - 1
    found[f"bits-{bits}"] = (np.round(picture / 255 * most) / most * 255).round().astype(np.uint8)
for quality in (20, 75):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=2)
    found[f"jpeg-{quality}"] = np.asarray(Image.open(file))
np.savez_compressed(sys.argv[1], **found)
