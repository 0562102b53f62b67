"""Golden values for the techniques that hide parts of the image, computed by PyTorch from their papers' definitions.

    python3 test/golden/masks.py MODEL_DIR INPUT.npy OUT_DIR

writes float32 arrays for the top class's logit S:

    rise.npy           [H, W]  1/(N·p)·sum of S(x · M_i)·M_i over 24 masks of 7×7 cells, p = 0.5, seed 3 (Petsiuk 2018)
    rise-probability.npy       the same for the softmax, 5×5 cells, p = 0.25
    segments.npy       [H, W]  superpixels by quick shift, kernel 2, distance 200, ratio 0.2 (Vedaldi & Soatto 2008)
    lime.npy           [H, W]  the segments' weights in a linear model of S: 64 samples, seed 9, hidden behind the
                               segment's mean, weights sqrt(exp(-d²/.25²)), d the cosine distance, ridge alpha 1
                               (Ribeiro 2016)
    lime-fit.npy       [2]     its intercept and R²

Masks and hidden segments are functions of (seed, sample, cell), by the hash in sampling.py: a cell shows if its 24 bits
are below p·2^24; a segment shows if the hash's top bit is 1; sample 0 of LIME shows everything.
Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

from network import forward, input_of, load, preprocessing_of
from sampling import hash32


def draw(seed, sample, counters):
    return hash32(hash32(counters) ^ hash32(np.uint64(sample) ^ hash32(seed)))


def rise_mask(seed, sample, size, grid, keep):
    cells = (draw(seed, sample, np.arange(grid * grid)) >> np.uint64(8)) < round(keep * 2**24)
    cell = [math.ceil(side / grid) for side in size]
    offset = [int(draw(seed, sample, grid * grid + axis)) % cell[axis] for axis in (0, 1)]
    large = F.interpolate(
        torch.tensor(cells.reshape(1, 1, grid, grid).astype(np.float64)),
        [(grid + 1) * side for side in cell],
        mode="bilinear",
        align_corners=False,
    )[0, 0]
    return large[offset[0] : offset[0] + size[0], offset[1] : offset[1] + size[1]]


def rise(score, x, count, grid, keep, seed):
    masks = torch.stack([rise_mask(seed, i, x.shape[2:], grid, keep) for i in range(count)])
    return (score(x * masks[:, None])[:, None, None] * masks).sum(0) / (count * keep)


def lab(rgb):
    """sRGB of 0…255 as CIE L*a*b* under D65."""
    s = rgb / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    t = linear @ to_xyz.T / [0.95047, 1, 1.08883]
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def quickshift(rgb, kernel=2, distance=200, ratio=0.2):
    height, width, _ = rgb.shape
    colour = ratio * lab(rgb)
    reach = 3 * kernel
    index = np.arange(height * width).reshape(height, width)
    inner = (slice(reach, reach + height), slice(reach, reach + width))
    padded = np.full((height + 2 * reach, width + 2 * reach, 3), np.nan)
    padded[inner] = colour
    offsets = [(dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]

    def shifted(array, dy, dx):
        return array[reach + dy : reach + dy + height, reach + dx : reach + dx + width]

    def squared(dy, dx):
        return dy * dy + dx * dx + ((colour - shifted(padded, dy, dx)) ** 2).sum(-1)

    density = np.zeros((height, width))
    for offset in offsets:
        density += np.nan_to_num(np.exp(-squared(*offset) / (2 * kernel**2)))
    around = np.full(padded.shape[:2], -1.0)
    around[inner] = density
    numbers = np.full(padded.shape[:2], -1)
    numbers[inner] = index
    nearest = np.full((height, width), float(distance**2))
    parent = index.copy()
    for dy, dx in offsets:
        other, number = shifted(around, dy, dx), shifted(numbers, dy, dx)
        higher = (other > density) | ((other == density) & (number < index))
        d = squared(dy, dx)
        closer = higher & (number >= 0) & (d < nearest)
        nearest[closer], parent[closer] = d[closer], number[closer]
    roots = parent.ravel()
    while (roots[roots] != roots).any():
        roots = roots[roots]
    _, first, inverse = np.unique(roots, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].reshape(height, width)


def lime(score, x, labels, samples, seed):
    count = labels.max() + 1
    shown = np.stack([draw(seed, i, np.arange(count)) >> np.uint64(31) == 1 for i in range(samples)])
    shown[0] = True
    labels = torch.tensor(labels)
    hidden = torch.empty_like(x)
    for segment in range(count):
        hidden[:, :, labels == segment] = x[:, :, labels == segment].mean(2, keepdim=True)
    masks = torch.tensor(shown.astype(np.float64))[:, labels][:, None]
    y = score(masks * x + (1 - masks) * hidden).numpy()
    z = shown.astype(np.float64)
    distance = 1 - np.sqrt(z.sum(1) / count)
    w = np.sqrt(np.exp(-(distance**2) / 0.25**2))
    mean_z, mean_y = np.average(z, axis=0, weights=w), np.average(y, weights=w)
    dz, dy = z - mean_z, y - mean_y
    beta = np.linalg.solve((dz * w[:, None]).T @ dz + np.eye(count), (dz * w[:, None]).T @ dy)
    r2 = 1 - (w * (dy - dz @ beta) ** 2).sum() / (w * dy**2).sum()
    return beta[labels], [mean_y - mean_z @ beta, r2]


def main():
    model, source, out = map(pathlib.Path, sys.argv[1:4])
    layers = load(model)
    x = input_of(source)
    mean, std = preprocessing_of(model)
    target = int(forward(layers, x)[0][0].argmax())

    def score(images, of=lambda s: s):
        with torch.no_grad():
            return torch.cat([of(forward(layers, some)[0])[:, target] for some in images.split(16)])

    def save(name, array):
        np.save(out / f"{name}.npy", np.ascontiguousarray(array, np.float32))

    save("rise", rise(score, x, 24, 7, 0.5, 3))
    save("rise-probability", rise(lambda images: score(images, lambda s: s.softmax(1)), x, 24, 5, 0.25, 3))
    rgb = np.rint((x[0].permute(1, 2, 0).numpy() * std + mean) * 255).clip(0, 255)
    labels = quickshift(rgb)
    save("segments", labels)
    weights, fit = lime(score, x, labels, 64, 9)
    save("lime", weights)
    save("lime-fit", fit)
    print(f"{labels.max() + 1} segments, intercept {fit[0]:.4f}, R² {fit[1]:.4f}")


if __name__ == "__main__":
    main()
