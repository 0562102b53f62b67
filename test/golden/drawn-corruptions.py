"""What ImageNet-C's recipe makes of a small picture where it draws numbers, by NumPy, SciPy, scikit-image and OpenCV 4 or 5
(pip install opencv-python-headless). The numbers are not random: the test draws the same. python3 test/golden/drawn-corruptions.py"""
import math
import cv2
import numpy as np
from pathlib import Path
from scipy import ndimage
from skimage import filters

rng = np.random.default_rng(5)
H, W = 40, 36
smooth = ndimage.gaussian_filter(rng.uniform(size=(H, W, 3)), (4, 4, 0))
smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
picture = np.uint8(255 * np.clip(smooth + .03 * rng.normal(size=smooth.shape), 0, 1))

class Draws:
    """Numbers in (0, 1): the fractions of n² times the golden section."""
    def __init__(self):
        self.n = 0
    def unit(self):
        self.n += 1
        return (self.n * self.n * .6180339887498949) % 1
    def uniform(self, low, high, size):
        return np.array([low + (high - low) * self.unit() for _ in range(int(np.prod(size)))]).reshape(size)
    def normal(self, loc, scale, size):
        pairs = [(self.unit(), self.unit()) for _ in range(int(np.prod(size)))]
        return np.array([loc + scale * math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v) for u, v in pairs]).reshape(size)

def gaussian(x, sigma, mode='nearest', truncate=4):
    return filters.gaussian(x, sigma, mode=mode, truncate=truncate, channel_axis=-1 if x.ndim == 3 else None)

def clipped_zoom(x, factor):
    sides = [math.ceil(side / factor) for side in x.shape[:2]]
    top, left = [(side - own) // 2 for side, own in zip(x.shape[:2], sides)]
    # mode='nearest': by rounding alone, SciPy's default makes the last row or column of some sizes black.
    large = ndimage.zoom(x[top:top + sides[0], left:left + sides[1]], (factor, factor, 1), order=1, mode='nearest')
    top, left = [(own - side) // 2 for side, own in zip(x.shape[:2], large.shape[:2])]
    return large[top:top + x.shape[0], left:left + x.shape[1]]

def zoom(end, step):
    x = np.float32(picture / 255.)
    factors = np.arange(1, end, step)
    return (x + sum(clipped_zoom(x, factor) for factor in factors)) / (len(factors) + 1)

def glass(sigma, reach, times):
    draws = Draws()
    # A whole number that rounding errors put below itself stays what it is.
    x = np.uint8(gaussian(picture / 255., sigma) * 255 + 1e-4)
    for _ in range(times):
        for row in range(H - reach, reach, -1):
            for column in range(W - reach, reach, -1):
                right, down = [math.floor(2 * reach * draws.unit()) - reach for _ in range(2)]
                x[row, column], x[row + down, column + right] = x[row + down, column + right], x[row, column]
    return gaussian(x / 255., sigma)

def motion(x, radius, sigma, angle):
    weights = np.exp(-np.arange(2 * radius + 1) ** 2 / (2 * sigma ** 2))
    weights /= weights.sum()
    rows, columns = np.arange(H), np.arange(W)
    out = np.zeros_like(x)
    for k, weight in enumerate(weights):
        down, right = math.ceil(k * math.sin(angle) - .5), math.ceil(k * math.cos(angle) - .5)
        out += weight * x[np.clip(rows + down, 0, H - 1)][:, np.clip(columns + right, 0, W - 1)]
    return out

def snow(mean, deviation, factor, least, radius, sigma, share):
    draws = Draws()
    x = np.float32(picture) / 255.
    layer = draws.normal(mean, deviation, (H, W))
    layer = clipped_zoom(layer[..., None], factor)[..., 0]
    layer[layer < least] = 0
    layer = motion(np.clip(layer, 0, 1), radius, sigma, math.radians(-135 + 90 * draws.unit()))
    layer = (np.uint8(np.round(layer * 255)) / 255.)[..., None]
    x = share * x + (1 - share) * np.maximum(x, cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)[..., None] * 1.5 + .5)
    return x + layer + np.rot90(layer, 2)

def elastic(size, sigma, most):
    draws = Draws()
    x = picture / 255.
    centre, side = np.float32((H, W)) // 2, min(H, W) // 3
    before = np.float32([centre + side, [centre[0] + side, centre[1] - side], centre - side])
    after = before + draws.uniform(-most, most, (3, 2)).astype(np.float32)
    # OpenCV 4 samples at 1/32 of a pixel; the map itself is OpenCV's, the samples are SciPy's.
    back = cv2.invertAffineTransform(cv2.getAffineTransform(before, after))
    rows, columns = np.mgrid[:H, :W]
    place = np.einsum('ij,jhw->ihw', back[:, :2], np.stack([columns, rows])) + back[:, 2][:, None, None]
    x = np.stack([ndimage.map_coordinates(x[..., c], (place[1], place[0]), order=1, mode='mirror') for c in range(3)], -1)
    dx = gaussian(draws.uniform(-1, 1, (H, W)), sigma, 'reflect', 3) * size
    dy = gaussian(draws.uniform(-1, 1, (H, W)), sigma, 'reflect', 3) * size
    return np.stack([ndimage.map_coordinates(x[..., c], (rows + dy, columns + dx), order=1, mode='reflect') for c in range(3)], -1)

def spatter(mean, deviation, sigma, least, strength, mud):
    draws = Draws()
    x = np.float32(picture) / 255.
    liquid = gaussian(draws.normal(mean, deviation, (H, W)), sigma)
    liquid[liquid < least] = 0
    if mud:
        m = gaussian(np.where(liquid > least, 1., 0.), strength)
        m[m < .8] = 0
        return x * (1 - m[..., None]) + m[..., None] * np.array([63, 42, 20]) / 255
    liquid = np.uint8(liquid * 255)
    away = cv2.distanceTransform(255 - cv2.Canny(liquid, 50, 150), cv2.DIST_L2, 5)
    _, away = cv2.threshold(away, 20, 20, cv2.THRESH_TRUNC)
    away = cv2.equalizeHist(cv2.blur(away, (3, 3)).astype(np.uint8))
    away = cv2.filter2D(away, cv2.CV_8U, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
    m = liquid * cv2.blur(away, (3, 3)).astype(np.float32)
    m *= strength / max(m.max(), 1e-9)
    return x + m[..., None] * np.array([175, 238, 238]) / 255

KINDS = {
    'imagenet': {
        'glass-blur': (glass, [(.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)]),
        'zoom-blur': (zoom, [(1.11, .01), (1.16, .01), (1.21, .02), (1.26, .02), (1.31, .03)]),
        'snow': (snow, [(.1, .3, 3, .5, 10, 4, .8), (.2, .3, 2, .5, 12, 4, .7), (.55, .3, 4, .9, 12, 8, .7),
                        (.55, .3, 4.5, .85, 12, 8, .65), (.55, .3, 2.5, .85, 12, 12, .55)]),
        'elastic': (elastic, [tuple(244 * c for c in cs) for cs in
                              ((2, .7, .1), (2, .08, .2), (.05, .01, .02), (.07, .01, .02), (.12, .01, .02))]),
        'spatter': (spatter, [(.65, .3, 4, .69, .6, 0), (.65, .3, 3, .68, .6, 0), (.65, .3, 2, .68, .5, 0),
                              (.65, .3, 1, .65, 1.5, 1), (.67, .4, 1, .65, 1.5, 1)]),
    },
    'cifar': {
        'glass-blur': (glass, [(.05, 1, 1), (.25, 1, 1), (.4, 1, 1), (.25, 1, 2), (.4, 1, 2)]),
        'zoom-blur': (zoom, [(1 + c, .01) for c in (.06, .11, .16, .21, .26)]),
        'snow': (snow, [(.1, .2, 1, .6, 8, 3, .95), (.1, .2, 1, .5, 10, 4, .9), (.15, .3, 1.75, .55, 10, 4, .9),
                        (.25, .3, 2.25, .6, 12, 6, .85), (.3, .3, 1.25, .65, 14, 12, .8)]),
        'elastic': (elastic, [tuple(32 * c for c in cs) for cs in
                              ((0, 0, .08), (.05, .2, .07), (.08, .06, .06), (.1, .04, .05), (.1, .03, .03))]),
        'spatter': (spatter, [(.62, .1, .7, .7, .5, 0), (.65, .1, .8, .7, .5, 0), (.65, .3, 1, .69, .5, 0),
                              (.65, .1, .7, .69, .6, 1), (.65, .1, .5, .68, .6, 1)]),
    },
}
results = {'picture': picture}
for set_, kinds in KINDS.items():
    for kind, (recipe, constants) in kinds.items():
        made = [np.clip(recipe(*constants[severity - 1]), 0, 1) for severity in (1, 3, 5)]
        results[f'{set_} {kind}'] = np.stack([np.uint8(m * 255) for m in made])
        results[f'{set_} {kind} ties'] = np.packbits(np.stack([np.abs(255 * m - np.round(255 * m)) < 4e-4 for m in made]))
np.savez_compressed(Path(__file__).with_suffix('.npz'), **results)
