"""Golden values for layer-wise relevance propagation, computed by PyTorch from the papers' definitions.

    python3 test/golden/lrp.py MODEL_DIR INPUT.npy OUT_DIR

reads a network as network.py has it and writes float32 arrays of the top class's logit S, for four sets of rules:

    lrp-epsilon.npy    [H, W, C]  R_i = Σ_k x_i w_ik / (z_k ± ε) R_k everywhere, ε = 0.01 (Bach 2015, eq. 58)
    lrp-gamma.npy      [H, W, C]  the same by weights w + w⁺ / 4 (Montavon 2019, 10.2.1); where x or z is negative the roles of
                                  w⁺ and w⁻ change, so that the larger part is always what has z's own sign
    lrp-z-plus.npy     [H, W, C]  by (x_i w_ik)⁺ / Σ_i (x_i w_ik)⁺, biases apart (Bach 2015, eq. 60, α = 1, β = 0)
    lrp-composite.npy  [H, W, C]  at the image by x w - l w⁺ - h w⁻ for black l and white h (Montavon 2017), γ in the other
                                  convolutions, ε = 0.001 in all else (Montavon 2019, 10.3)
    lrp-accounts.npy   [4, 4]     of each in this order: S, Σ R at the image, Σ b_k R_k / z_k, and what is left

A batch norm that alone reads a convolution is folded into it; any other is a linear layer of one weight a channel. Sums and
means share in proportion to what they add up, a max-pooling window gives all to its winner, ReLUs change nothing. A denominator
has ± 1e-9 where no ε is named. (With ε = 0.001 everywhere float32 is 1e-4 from float64 on the residual
network, here as there: contributions cancel.) Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

from network import ceiling_of, input_of, load, max_pool, pad, preprocessing_of, run

GAMMA, TINY = 0.25, 1e-9


def folded(layers):
    """Linear units by the name of the layer that they end in: (kind, config, w, b, name of the input); and what they took in."""
    units, swallowed = {}, set()
    for kind, config, weights in layers:
        name = config["name"]
        if kind in ("Conv2D", "Dense"):
            w, b = weights["kernel"], weights.get("bias", torch.zeros(weights["kernel"].shape[-1], dtype=torch.float64))
            readers = [layer for layer in layers if name in layer[1]["inputs"]]
            end = name
            if len(readers) == 1 and readers[0][0] == "BatchNormalization" and ceiling_of(kind, config) is None:
                scale, shift = norm_of(readers[0])
                w, b, end = w * scale, b * scale + shift, readers[0][1]["name"]
                swallowed.add(name)
            units[end] = (kind, config, w, b, (config["inputs"] or [None])[0])
        elif kind == "BatchNormalization" and name not in units:
            scale, shift = norm_of((kind, config, weights))
            units[name] = (kind, config, scale, shift, config["inputs"][0])
    return units, swallowed


def norm_of(layer):
    _, config, weights = layer
    scale = weights["gamma"] / (weights["moving_variance"] + config["epsilon"]).sqrt()
    return scale, weights["beta"] - weights["moving_mean"] * scale


def product(kind, config, x, w):
    """x·w, without a bias."""
    if kind == "Conv2D":
        w = w.permute(3, 2, 0, 1)
        return F.conv2d(pad(x, config, config["kernel_size"]), w, None, tuple(config["strides"]))
    if kind == "BatchNormalization":
        return x * w.reshape(1, -1, 1, 1)
    assert kind == "Dense"
    return x @ w


def along_channels(b, z):
    return b.reshape(1, -1, 1, 1) if z.dim() == 4 else b


def share(terms, bias, relevance, epsilon):
    """Relevance of each term's values, and what the bias takes. A term is (values, linear function)."""
    leaves = [values.detach().clone().requires_grad_() for values, _ in terms]
    z = sum(function(leaf) for leaf, (_, function) in zip(leaves, terms)) + bias
    by = z + torch.where(z < 0, -epsilon, epsilon)
    s = (relevance / by).detach()
    gradients = torch.autograd.grad((z * s).sum(), leaves)
    return [leaf.detach() * gradient for leaf, gradient in zip(leaves, gradients)], (bias * s).sum().item()


def slopes(w, up, down):
    return torch.where(w > 0, w * up, w * down)


def propagate_linear(rule, x, linear, w, b, bounds, relevance):
    """Through z = linear(x, w) + b by a rule, a number being ε: relevance of x, and the bias's share."""
    b = along_channels(b, relevance)
    none = torch.zeros_like(b)
    if isinstance(rule, float):
        (r,), bias = share([(x, lambda v: linear(v, w))], b, relevance, rule)
        return r, bias
    positive, negative = x.clamp(min=0), x.clamp(max=0)
    if rule == "z-plus":
        terms = [(positive, lambda v: linear(v, w.clamp(min=0))), (negative, lambda v: linear(v, w.clamp(max=0)))]
        parts, bias = share(terms, none, relevance, TINY)
        return sum(parts), bias
    if rule == "z-box":
        low, high = (bound.expand_as(x) for bound in bounds)
        terms = [
            (x, lambda v: linear(v, w)),
            (low, lambda v: -linear(v, w.clamp(min=0))),
            (high, lambda v: -linear(v, w.clamp(max=0))),
        ]
        parts, bias = share(terms, none, relevance, TINY)
        return sum(parts), bias
    assert rule == "gamma"
    z = linear(x, w) + b
    total, biases = torch.zeros_like(x), 0.0
    for side, more in ((z >= 0, (1 + GAMMA, 1.0)), (z < 0, (1.0, 1 + GAMMA))):
        terms = [
            (positive, lambda v: linear(v, slopes(w, *more))),
            (negative, lambda v: linear(v, slopes(w, *more[::-1]))),
        ]
        parts, bias = share(terms, slopes(b, *more), relevance * side, TINY)
        total, biases = total + sum(parts), biases + bias
    return total, biases


def lrp(layers, x, target, rules, bounds):
    """Relevance of the image and the account, by rules(kind, reads the image) for whatever shares."""
    units, swallowed = folded(layers)
    found = run(layers, x)
    logits = layers[-1][1]["name"]
    image = next((config["name"] for kind, config, _ in layers if kind == "InputLayer"), None)
    start = torch.zeros_like(found[logits])
    start[0, target] = found[logits][0, target]
    relevance, biases = {logits: start}, 0.0

    def give(name, r):
        relevance[name] = relevance[name] + r if name in relevance else r

    def value(name):
        return found[name].detach()

    for kind, config, _ in reversed(layers):
        name = config["name"]
        if kind == "InputLayer" or name in swallowed:
            continue
        sources = config["inputs"] or [None]
        r = relevance.pop(name)
        if name in units:
            unit, of, w, b, source = units[name]
            before = x if source is None else value(source)
            rule = rules(unit, source == image)
            r, bias = propagate_linear(rule, before, lambda v, m: product(unit, of, v, m), w, b, bounds, r)
            biases += bias
            give(source, r)
        elif kind == "MaxPooling2D":
            leaf = value(sources[0]).clone().requires_grad_()
            give(sources[0], torch.autograd.grad(max_pool(leaf, config), leaf, r)[0])
        elif kind == "Flatten":
            shape = value(sources[0]).shape
            give(sources[0], r.reshape(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2))
        elif kind in ("Add", "GlobalAveragePooling2D"):
            # Weights that are all 1 (or 1 / pixels), over the inputs side by side.
            stacked = torch.stack([value(source) for source in sources])
            mean = kind == "GlobalAveragePooling2D"

            def linear(v, m):
                return (v * m).mean((0, 3, 4)) if mean else (v * m).sum(0)

            ones, nothing = torch.ones_like(stacked), torch.zeros(r.shape[1], dtype=torch.float64)
            shared, _ = propagate_linear(rules(kind, False), stacked, linear, ones, nothing, None, r)
            for source, part in zip(sources, shared):
                give(source, part)
        else:
            assert kind in ("Activation", "ReLU", "Dropout"), kind
            give(sources[0], r)
    score = found[logits][0, target].item()
    (r,) = relevance.values()
    total = r.sum().item()
    return r[0].permute(1, 2, 0), (score, total, biases, score - total - biases)


def composite(kind, reads_image):
    if reads_image:
        return "z-box"
    return "gamma" if kind == "Conv2D" else 1e-3


def main():
    model, image, out = (pathlib.Path(path) for path in sys.argv[1:4])
    layers = load(model)
    x = input_of(image)
    mean, std = preprocessing_of(model)
    bounds = [
        torch.tensor(np.broadcast_to((level - mean) / std, 3).copy(), dtype=torch.float64).reshape(1, -1, 1, 1)
        for level in (0.0, 1.0)
    ]
    target = int(run(layers, x)[layers[-1][1]["name"]][0].argmax())
    cases = {"epsilon": 1e-2, "gamma": "gamma", "z-plus": "z-plus", "composite": None}
    accounts = []
    for name, everywhere in cases.items():
        rules = (lambda kind, reads_image: everywhere) if everywhere else composite
        r, account = lrp(layers, x, target, rules, bounds)
        np.save(out / f"lrp-{name}.npy", np.ascontiguousarray(r.numpy(), np.float32))
        accounts.append(account)
        print(f"{name}: class {target}, score {account[0]:.6f}, image {account[1]:.6f}, biases {account[2]:.6f}, left {account[3]:.2e}")
    np.save(out / "lrp-accounts.npy", np.array(accounts, np.float32))


if __name__ == "__main__":
    main()
