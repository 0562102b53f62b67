"""Golden values for the techniques that average gradients, computed by PyTorch from their papers' definitions.

    python3 test/golden/sampling.py MODEL_DIR INPUT.npy OUT_DIR

writes float32 arrays [H, W, C] for the top class's logit S:

    gradient-input.npy        x · dS/dx (Shrikumar 2016)
    smoothgrad.npy            mean over 5 noisy copies of dS/dx, sigma = 0.15 · (max - min), seed 7 (Smilkov 2017)
    smoothgrad-squared.npy    mean of its square (Hooker 2019)
    vargrad.npy               its variance, over n (Adebayo 2018)
    integrated-gradients.npy  (x - x') · integral of dS/dx along the line from x' = 0, 50 Gauss-Legendre nodes
                              (Sundararajan 2017)
    integrated-gradients-blur.npy  the same from x' = the image under a Gaussian of a tenth of its shorter side, 20 nodes
    completeness.npy          [sum of the attributions, S(x) - S(x')] of the first

The noise is a function of (seed, sample, element): a 32-bit hash of these gives 24 bits, the midpoint of whose cell in
(-1, 1) goes through sqrt(2) · erfinv. Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import math
import sys
import pathlib

import numpy as np
import torch

from network import forward, load

SAMPLES, NOISE, SEED = 5, 0.15, 7


def hash32(v):
    """O'Neill's PCG permutation (RXS-M-XS) of a word, element by element."""
    v = np.asarray(v, np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    state = (v * np.uint64(747796405) + np.uint64(2891336453)) & mask
    word = (((state >> ((state >> np.uint64(28)) + np.uint64(4))) ^ state) * np.uint64(277803737)) & mask
    return (word >> np.uint64(22)) ^ word


def bits(seed, sample, count):
    """24 random bits for each of `count` elements of a sample."""
    key = hash32(np.uint64(sample) ^ hash32(seed))
    return hash32(hash32(np.arange(count)) ^ key) >> np.uint64(8)


def normal(seed, sample, count):
    u = (2 * bits(seed, sample, count).astype(np.int64) + 1 - 2**24) / 2**24
    return math.sqrt(2) * torch.erfinv(torch.tensor(u, dtype=torch.float64))


def gradient(layers, x, target):
    """Gradient [H, W, C] of a class's logit to x [H, W, C]."""
    x = x.clone().requires_grad_()
    logits, _ = forward(layers, x.permute(2, 0, 1)[None])
    return torch.autograd.grad(logits[0, target], x)[0]


def score(layers, x, target):
    with torch.no_grad():
        return forward(layers, x.permute(2, 0, 1)[None])[0][0, target].item()


def blur(x, sigma):
    """Gaussian cut at three standard deviations, normalised where it leaves the image."""
    reach = math.ceil(3 * sigma)
    for axis in (0, 1):
        size = x.shape[axis]
        places = torch.arange(size)
        offset = places[:, None] - places[None, :]
        kernel = torch.exp(-offset.double() ** 2 / (2 * sigma**2)) * (offset.abs() <= reach)
        kernel = kernel / kernel.sum(1, keepdim=True)
        x = torch.tensordot(kernel, x, ([1], [axis])).movedim(0, axis)
    return x


def integrated(layers, x, baseline, target, steps):
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for node, weight in zip((nodes + 1) / 2, weights / 2):
        total += weight * gradient(layers, baseline + node * (x - baseline), target)
    return (x - baseline) * total


def main():
    model, source, out = map(pathlib.Path, sys.argv[1:4])
    layers = load(model)
    x = torch.tensor(np.load(source), dtype=torch.float64)
    target = int(forward(layers, x.permute(2, 0, 1)[None])[0][0].argmax())

    def save(name, array):
        np.save(out / f"{name}.npy", np.ascontiguousarray(array, np.float32))

    save("gradient-input", x * gradient(layers, x, target))
    sigma = NOISE * (x.max() - x.min())
    noisy = torch.stack(
        [gradient(layers, x + sigma * normal(SEED, i, x.numel()).reshape(x.shape), target) for i in range(SAMPLES)]
    )
    save("smoothgrad", noisy.mean(0))
    save("smoothgrad-squared", (noisy**2).mean(0))
    save("vargrad", noisy.var(0, unbiased=False))
    black = torch.zeros_like(x)
    found = integrated(layers, x, black, target, 50)
    save("integrated-gradients", found)
    save("completeness", [found.sum().item(), score(layers, x, target) - score(layers, black, target)])
    save("integrated-gradients-blur", integrated(layers, x, blur(x, min(x.shape[:2]) / 10), target, 20))


if __name__ == "__main__":
    main()
