"""Golden trajectories of optimisers on a small problem, computed by PyTorch with its own optimisers, in float64.

    python3 test/golden/optimisers.py OUT.npz

Three images of 7x5x3 parameters each make, by itself, f(x) = - sum(a/2 (x - b)^2 + c/4 (x - b)^4) as large as can be. OUT.npz holds
float32 arrays

    a, b, c, start   [3, 105]
    NAME/5, NAME/20  [3, 105]  parameters after 5 and after 20 steps

Cases (g = df/dx, each image by itself):

    gradient   x += 0.1 g
    mean       x += 0.1 g / mean |g|
    norm       x += 0.5 g / |g|
    progress   x += min(0.25, 4 / |g|^2) g
    sign       x += 0.02 sign g
    momentum   m = 0.9 m + rate g, x += m; rate 0.05 for 3 steps, 0.02 for 6, 0.01 for the rest; m is set to 0 where the rate changes
    kept       the same, but m is kept
    adam       torch.optim.Adam of -f, rate 0.05
    betas      torch.optim.Adam of -f, rate from 0.2 to 0.01 on a line in 12 steps, betas 0.5, 0.9, epsilon 1e-3
    nadam      NAdam as Keras and PyTorch from 2.0 have it, rate 0.05, written out here
    lbfgs      torch.optim.LBFGS of -f, one iteration a step, history 10, no line search, rate 1
    short      the same, history 3, rate 0.5

Needs PyTorch >= 1.13 and NumPy.
"""

import sys

import numpy as np
import torch

STEPS, SHAPE = 20, (3, 7 * 5 * 3)


def problem():
    draw = np.random.default_rng(12)
    scale = np.array([[0.5], [1.0], [2.0]])
    a = draw.uniform(0.2, 3, SHAPE)
    b = draw.normal(0, 1, SHAPE) * scale
    c = draw.uniform(0, 0.3, SHAPE) / scale**2
    start = b + draw.normal(0, 1, SHAPE) * scale
    return [torch.tensor(values.astype(np.float32)).double() for values in (a, b, c, start)]


def pieces(step):
    return 0.05 if step < 3 else 0.02 if step < 9 else 0.01


def written(name, x):
    """A function that takes a step of what torch does not have: of x, by its gradient uphill."""
    m, v, product = torch.zeros_like(x), torch.zeros_like(x), [1.0]

    def step(k, g):
        if name == "gradient":
            return x + 0.1 * g
        if name == "mean":
            return x + 0.1 * g / g.abs().mean()
        if name == "norm":
            return x + 0.5 * g / g.norm()
        if name == "progress":
            return x + min(0.25, (4 / g.norm() ** 2).item()) * g
        if name == "sign":
            return x + 0.02 * g.sign()
        if name in ("momentum", "kept"):
            if name == "momentum" and k > 0 and pieces(k) != pieces(k - 1):
                m.zero_()
            m.mul_(0.9).add_(pieces(k) * g)
            return x + m
        mu, after = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * t)) for t in (k + 1, k + 2))
        product[0] *= mu
        m.mul_(0.9).add_(0.1 * g)
        v.mul_(0.999).add_(0.001 * g**2)
        up = (1 - mu) / (1 - product[0]) * g + after / (1 - product[0] * after) * m
        return x + 0.05 * up / ((v / (1 - 0.999 ** (k + 1))).sqrt() + 1e-8)

    return step


def own(name, x):
    """An optimiser of torch's, and its rate in a step."""
    if name == "adam":
        return torch.optim.Adam([x], lr=0.05), lambda k: 0.05
    if name == "betas":
        return torch.optim.Adam([x], lr=1, betas=(0.5, 0.9), eps=1e-3), lambda k: 0.2 + (0.01 - 0.2) * min(k / 11, 1)
    if name in ("lbfgs", "short"):
        rate, history = (1, 10) if name == "lbfgs" else (0.5, 3)
        settings = {"max_iter": 1, "history_size": history, "tolerance_grad": 0, "tolerance_change": 0}
        return torch.optim.LBFGS([x], lr=rate, **settings), lambda k: rate
    return None, None


def climb(name, a, b, c, start):
    x = start.clone().requires_grad_()
    step_of, (optimiser, rate) = written(name, x), own(name, x)
    kept = {}

    def loss():
        x.grad = None
        value = (a / 2 * (x - b) ** 2 + c / 4 * (x - b) ** 4).sum()
        value.backward()
        return value

    for k in range(STEPS):
        if optimiser:
            for group in optimiser.param_groups:
                group["lr"] = rate(k)
            optimiser.step(loss)
        else:
            loss()
            with torch.no_grad():
                x.copy_(step_of(k, -x.grad))
        if k + 1 in (5, STEPS):
            kept[k + 1] = x.detach().numpy().copy()
    return kept


def main(out):
    a, b, c, start = problem()
    arrays = {name: values.numpy().astype(np.float32) for name, values in zip(("a", "b", "c", "start"), (a, b, c, start))}
    names = "gradient mean norm progress sign momentum kept adam betas nadam lbfgs short".split()
    for name in names:
        images = [climb(name, a[n], b[n], c[n], start[n]) for n in range(SHAPE[0])]
        for steps in (5, STEPS):
            arrays[f"{name}/{steps}"] = np.stack([image[steps] for image in images]).astype(np.float32)
        off = np.linalg.norm(arrays[f"{name}/{STEPS}"] - b.numpy()) / np.linalg.norm((start - b).numpy())
        print(f"{name}: {off:.2e} of the way to the maximum is left")
    np.savez_compressed(out, **arrays)


main(*sys.argv[1:])
