"""Golden trajectories of ascents, computed by PyTorch with its own optimisers, in float64.

    python3 test/golden/ascents.py MODEL_DIR INPUT.npy OUT.npz [HEIGHT WIDTH]

An ascent begins at half the input, cut to its first HEIGHT rows and WIDTH columns, takes 20 steps in the unit of the network's
input, and makes an objective grow. OUT.npz holds float32 arrays, for each case NAME

    NAME/5, NAME/20  [H, W, C]  the image after 5 and after 20 steps
    NAME/curve       [20]       the objective before each step
    neuron/at        [3]        y, x, channel of the neuron

Cases, by optimiser (of a class's logit S):

    gradient    x += 2 · dS/dx
    normalised  x += 0.02 · dS/dx / mean |dS/dx|
    momentum    m = 0.9 m + rate · dS/dx, x += m; the rate of 2 falls to a tenth after 8 steps, and m is set to zero
    adam        torch.optim.Adam of -S, rate 0.05
    nadam       NAdam as Keras and later PyTorch have it, rate 0.05: written out here, as torch.optim.NAdam of PyTorch 1.13
                multiplies mu into the product twice (pytorch/pytorch 1.13, nadam.py: mu_product_next)
    lbfgs       torch.optim.LBFGS of -S, one iteration a step, history 10, no line search, rate 0.5

and by objective (Adam, rate 0.05):

    channel     mean over places of a channel of the last maps
    neuron      the neuron in the middle of the last maps that is the most active at the start
    layer       mean over the last maps of the squared activation (DeepDream)
    decay       a class's logit minus 0.01 · Σ x² (Simonyan)
    variation   a class's logit minus 0.05 · Σ (dx² + dy²)

A case is refused where a ReLU or a pooling window hangs on rounding: the whole run is repeated in float32, and has to stay within
1e-4 of the one in float64. Needs PyTorch >= 1.13 and NumPy.
"""

import pathlib
import sys

import numpy as np
import torch

import network as networks

STEPS, TARGET = 20, 1


def optimiser(name, x):
    """A function that takes a step: it is given one that computes the loss with its gradient in x.grad."""
    if name == "adam":
        own = torch.optim.Adam([x], lr=0.05)
    elif name == "lbfgs":
        own = torch.optim.LBFGS([x], lr=0.5, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)
    if name in ("adam", "lbfgs"):
        return lambda step, loss: own.step(loss)
    momentum, mean, square, product = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x), [1.0]

    def nadam(step, up):
        mu, after = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * t)) for t in (step + 1, step + 2))
        product[0] *= mu
        mean.mul_(0.9).add_(0.1 * up)
        square.mul_(0.999).add_(0.001 * up**2)
        deviation = (square / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8
        x.add_(0.05 * ((1 - mu) / (1 - product[0]) * up + after / (1 - product[0] * after) * mean) / deviation)

    def update(step, loss):
        value = loss()
        with torch.no_grad():
            up = -x.grad
            if name == "nadam":
                nadam(step, up)
            elif name == "gradient":
                x.add_(RATE * up)
            elif name == "normalised":
                x.add_(0.02 * up / up.abs().mean())
            else:
                if step == 8:
                    momentum.zero_()
                momentum.mul_(0.9).add_((RATE if step < 8 else RATE / 10) * up)
                x.add_(momentum)
        return value

    return update


RATE = 2.0


def objectives(layers, start):
    def logits(found):
        return found[layers[-1][1]["name"]][0, TARGET]

    def maps(found):
        return found[networks.last_maps(found)]

    y = maps(networks.run(layers, start))
    at = (y.shape[2] // 2, y.shape[3] // 2)
    at += (y[0, :, at[0], at[1]].argmax().item(),)

    def variation(x):
        down, right = x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]
        return (down**2).sum() + (right**2).sum()

    known = {
        "logit": lambda found, x: logits(found),
        "channel": lambda found, x: maps(found)[0, 2].mean(),
        "neuron": lambda found, x: maps(found)[0, at[2], at[0], at[1]],
        "layer": lambda found, x: (maps(found) ** 2).mean(),
        "decay": lambda found, x: logits(found) - 0.01 * (x**2).sum(),
        "variation": lambda found, x: logits(found) - 0.05 * variation(x),
    }
    return known, at


def climb(layers, start, objective, by, dtype):
    layers = [(kind, config, {name: w.to(dtype) for name, w in weights.items()}) for kind, config, weights in layers]
    x = start.to(dtype).clone().requires_grad_()
    curve, kept = [], {}
    step_of = optimiser(by, x)

    def loss():
        x.grad = None
        value = objective(networks.run(layers, x), x)
        (-value).backward()
        values.append(value.item())
        return -value

    for step in range(STEPS):
        values = []
        step_of(step, loss)
        curve.append(values[0])
        if step + 1 in (5, STEPS):
            kept[str(step + 1)] = x.detach()[0].permute(1, 2, 0).double().numpy().copy()
    return kept, np.array(curve)


def main(model, picture, out, height=None, width=None):
    layers = networks.load(pathlib.Path(model))
    start = networks.input_of(picture) / 2
    start = start[..., : int(height or start.shape[2]), : int(width or start.shape[3])].contiguous()
    known, at = objectives(layers, start)
    cases = [(name, "logit", name) for name in ("gradient", "normalised", "momentum", "adam", "nadam", "lbfgs")]
    cases += [(name, name, "adam") for name in ("channel", "neuron", "layer", "decay", "variation")]
    arrays = {"neuron/at": np.array(at, np.float32)}
    for name, objective, by in cases:
        kept, curve = climb(layers, start, known[objective], by, torch.float64)
        single, _ = climb(layers, start, known[objective], by, torch.float32)
        for step, image in kept.items():
            off = np.linalg.norm(single[step] - image) / np.linalg.norm(image)
            print(f"{name} after {step}: objective {curve[0]:.4g} to {curve[-1]:.4g}, float32 off by {off:.1e}")
            if off > 1e-4:
                raise SystemExit(f"{name}: hangs on rounding; choose another start")
            arrays[f"{name}/{step}"] = image.astype(np.float32)
        arrays[f"{name}/curve"] = curve.astype(np.float32)
    np.savez_compressed(out, **arrays)


main(*sys.argv[1:])
