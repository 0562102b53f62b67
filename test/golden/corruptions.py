"""What ImageNet-C's recipe makes of a small picture, by NumPy, SciPy, scikit-image and Pillow: python3 test/golden/corruptions.py"""
import io
import numpy as np
from pathlib import Path
from PIL import Image
from scipy import ndimage
from skimage import color, filters

rng = np.random.default_rng(3)
H, W = 24, 21
smooth = ndimage.gaussian_filter(rng.uniform(size=(H, W, 3)), (3, 3, 0))
smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
picture = np.uint8(255 * np.clip(smooth + .1 * rng.normal(size=smooth.shape), 0, 1))
picture[:3, :4] = 90  # grey
picture[5:8, :4] = 0
x = picture / 255.

def disk(radius, blur):
    reach, smoothed = (8, 1) if radius <= 8 else (radius, 2)
    grid = np.arange(-reach, reach + 1)
    X, Y = np.meshgrid(grid, grid)
    kernel = np.float64(X ** 2 + Y ** 2 <= radius ** 2)
    kernel /= kernel.sum()
    taps = np.exp(-np.arange(-smoothed, smoothed + 1) ** 2 / (2 * blur ** 2))
    taps /= taps.sum()
    for axis in (0, 1):
        kernel = ndimage.correlate1d(kernel, taps, axis, mode='mirror')
    return kernel

def defocus(radius, blur):
    return np.stack([ndimage.correlate(x[..., c], disk(radius, blur), mode='mirror') for c in range(3)], -1)

def gaussian(sigma):
    return np.stack([filters.gaussian(x[..., c], sigma, mode='nearest', truncate=4) for c in range(3)], -1)

def brightness(c):
    hsv = color.rgb2hsv(x)
    hsv[..., 2] = np.clip(hsv[..., 2] + c, 0, 1)
    return color.hsv2rgb(hsv)

def saturate(c, d):
    hsv = color.rgb2hsv(x)
    hsv[..., 1] = np.clip(hsv[..., 1] * c + d, 0, 1)
    return color.hsv2rgb(hsv)

def contrast(c):
    mean = x.mean((0, 1), keepdims=True)
    return (x - mean) * c + mean

def plasma(size, decay, draws):
    field = np.empty((size, size))
    field[0, 0] = 0
    step, wibble = size, 100.
    def wibbled(sums):
        count = sums.size
        u = np.array([next(draws) for _ in range(count)]).reshape(sums.shape)
        return sums / 4 + wibble * (wibble * (2 * u - 1))
    while step >= 2:
        half = step // 2
        corners = field[0:size:step, 0:size:step]
        sums = corners + np.roll(corners, -1, 0)
        sums += np.roll(sums, -1, 1)
        field[half:size:step, half:size:step] = wibbled(sums)
        dr, ul = field[half:size:step, half:size:step], field[0:size:step, 0:size:step]
        field[0:size:step, half:size:step] = wibbled(dr + np.roll(dr, 1, 0) + ul + np.roll(ul, -1, 1))
        field[half:size:step, 0:size:step] = wibbled(dr + np.roll(dr, 1, 1) + ul + np.roll(ul, -1, 0))
        step //= 2
        wibble /= decay
    field -= field.min()
    return field / field.max()

def pixelate(c):
    image = Image.fromarray(picture)
    small = image.resize((int(W * c), int(H * c)), Image.BOX)
    return np.asarray(small.resize((W, H), Image.BOX))

bits = lambda values: np.uint8(np.clip(values, 0, 1) * 255)
results = {'picture': picture}
for set_, kinds in {
    'imagenet': {
        'defocus-blur': (defocus, [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)]),
        'gaussian-blur': (gaussian, [(s,) for s in (1, 2, 3, 4, 6)]),
        'brightness': (brightness, [(c,) for c in (.1, .2, .3, .4, .5)]),
        'contrast': (contrast, [(c,) for c in (.4, .3, .2, .1, .05)]),
        'saturate': (saturate, [(.3, 0), (.1, 0), (2, 0), (5, .1), (20, .2)]),
        'pixelate': (pixelate, [(c,) for c in (.6, .5, .4, .3, .25)]),
    },
    'cifar': {
        'defocus-blur': (defocus, [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)]),
        'gaussian-blur': (gaussian, [(s,) for s in (.4, .6, .7, .8, 1)]),
        'brightness': (brightness, [(c,) for c in (.05, .1, .15, .2, .3)]),
        'contrast': (contrast, [(c,) for c in (.75, .5, .4, .3, .15)]),
        'saturate': (saturate, [(.3, 0), (.1, 0), (1.5, 0), (2, .1), (2.5, .2)]),
        'pixelate': (pixelate, [(c,) for c in (.95, .9, .85, .75, .65)]),
    },
}.items():
    for kind, (recipe, constants) in kinds.items():
        made = [recipe(*c) for c in constants]
        results[f'{set_}/{kind}'] = np.stack([m if m.dtype == np.uint8 else bits(m) for m in made])
        # Where a value is a whole number but for rounding errors, single precision may cut it to either side.
        results[f'{set_}/{kind}/ties'] = np.uint8(np.stack([
            np.zeros(m.shape) if m.dtype == np.uint8 else np.abs(255 * m - np.round(255 * m)) < 2e-4 for m in made]))
# The draws that the test gives too: an additive sequence.
results['plasma'] = plasma(16, 1.7, (((n + 1) * .6180339887498949) % 1 for n in range(10 ** 6)))
np.savez_compressed(Path(__file__).with_suffix('.npz'), **{k.replace('/', ' '): v for k, v in results.items()})
