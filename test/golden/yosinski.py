"""Golden trajectories of Yosinski's regularised ascents (2015, arXiv:1506.06579), computed by PyTorch and NumPy in float64.

    python3 test/golden/yosinski.py MODEL_DIR INPUT.npy OUT.npz

Pixels are 0...255 less a mean of 127.5; the network takes them divided by 127.5. An ascent begins at half the input and makes a class's
logit grow. A step, in the order of the authors' optimize/gradient_optimizer.py: clip to 0...255, forward, backward, rate, x += rate g,
x *= 1 - decay, blur in every so many steps, small values, small norms, small contributions. OUT.npz holds float32 arrays

    NAME/5, NAME/20  [H, W, C]  the network's input after 5 and after 20 steps

The cases are the four settings of the paper, and one that has all regularisers. Blur is scipy.ndimage.gaussian_filter's, written out. A case
is refused where the same in float32 comes to something else by more than 1e-4. Needs PyTorch >= 1.13 and NumPy.
"""

import pathlib
import sys

import numpy as np
import torch

import network as networks

STEPS, TARGET, UNIT, MEAN = 20, 1, 127.5, 127.5


def progress(most):
    return lambda g: min(most, 2 / np.linalg.norm(g) ** 2)


def constant(g):
    return 100


# rate, decay, (sigma, every), percentiles of values, norms and contributions
CASES = {
    "blurAndNorm": (progress(100), 0, (0.5, 4), 0, 50, 0),
    "decayAndNorm": (constant, 0.3, None, 0, 20, 0),
    "blur": (constant, 0.0001, (1, 4), 0, 0, 0),
    "blurAndContribution": (progress(1e8), 0, (0.5, 4), 0, 0, 90),
    "all": (progress(100), 0.05, (0.7, 3), 10, 20, 15),
}


def blurred(x, sigma):
    radius = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 / sigma**2 * np.arange(-radius, radius + 1) ** 2)
    taps /= taps.sum()
    for axis in (1, 2):
        wide = np.pad(x, [(radius, radius) if a == axis else (0, 0) for a in range(3)], mode="symmetric")
        length = x.shape[axis]
        x = sum(tap * wide.take(range(k, k + length), axis) for k, tap in enumerate(taps)).astype(x.dtype)
    return x


def climb(layers, start, case, dtype):
    layers = [(kind, config, {name: w.to(dtype) for name, w in weights.items()}) for kind, config, weights in layers]
    rate, decay, blur, values, norms, contributions = case
    x = (start.to(dtype)[0] * UNIT).numpy()
    kept, curve = {}, []
    for step in range(STEPS):
        x = np.clip(x + MEAN, 0, 255) - MEAN
        given = torch.tensor(x[None] / UNIT, dtype=dtype, requires_grad=True)
        logit = networks.run(layers, given)[layers[-1][1]["name"]][0, TARGET]
        logit.backward()
        curve.append(logit.item())
        g = given.grad[0].numpy() / UNIT
        x = (x + rate(g) * g) * (1 - decay)
        if blur and step % blur[1] == 0:
            x = blurred(x, blur[0])
        if values:
            x = x * (abs(x) >= np.percentile(abs(x), values))
        if norms:
            sizes = np.linalg.norm(x, axis=0)
            x = x * (sizes >= np.percentile(sizes, norms))
        if contributions:
            sizes = abs((g * -x).sum(0))
            x = x * (sizes >= np.percentile(sizes, contributions))
        x = x.astype(start.to(dtype).numpy().dtype)
        if step + 1 in (5, STEPS):
            kept[step + 1] = (x / UNIT).transpose(1, 2, 0).astype(np.float64)
    return kept, curve


def main(model, picture, out):
    layers = networks.load(pathlib.Path(model))
    start = networks.input_of(picture) / 2
    arrays = {}
    for name, case in CASES.items():
        kept, curve = climb(layers, start, case, torch.float64)
        single, _ = climb(layers, start, case, torch.float32)
        for step, image in kept.items():
            off = np.linalg.norm(single[step] - image) / np.linalg.norm(image)
            print(f"{name} after {step}: {curve[0]:.4g} to {curve[-1]:.4g}, {np.mean(image == 0):.0%} zeros, float32 off by {off:.1e}")
            if off > 1e-4:
                raise SystemExit(f"{name}: hangs on rounding; choose another start")
            arrays[f"{name}/{step}"] = image.astype(np.float32)
    np.savez_compressed(out, **arrays)


main(*sys.argv[1:])
