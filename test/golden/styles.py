"""Golden trajectories of feature inversion, textures and neural style, computed by PyTorch with its own optimisers, in float64.

    python3 test/golden/styles.py MODEL_DIR INPUT.npy OUT.npz [HEIGHT WIDTH [SEED]]

Pixels u are of 0…1; the network is given (u - mean) / std. OUT.npz holds float32 arrays:

    preprocessing   [2, 3]     mean and std
    content         [H, W, C]  as the network takes it: the first HEIGHT rows and WIDTH columns of the input
    style           [h, w, C]  as the network takes it: waves and noise, of another size
    start           [H, W, C]  pixels that every case begins with
    NAME/5, NAME/20 [H, W, C]  the pixels after 5 and after 20 steps
    NAME/curve      [20]       minus the loss before each step

Cases, with x = 255 (u - mean), Phi the activations of a layer, G the Gram matrices F^T F of layers with C channels and P places:

    inversion  Mahendran & Vedaldi 2015: s^2 |Phi - Phi_0|^2 / |Phi_0|^2 + 4e-10 sum x^6 + lambda / 2 sum (dx^2 + dy^2),
               s = 68.9 sqrt(3HW); momentum 0.9 on x, rate 0.004 in 5 steps, 0.0004 in 10, 0.00004 in 5, set to zero when it falls
    texture    Gatys, Ecker & Bethge 2015: 1e9 / 4 sum (G / P - G_0 / P_0)^2 / C^2 with mean windows; torch.optim.LBFGS
    style      jcjohnson/neural-style, weighed for networks as small as these: w 5 mean (Phi - Phi_0)^2 + w 100 mean (G / CP - G_0 / CP_0)^2
               + 1e-5 / 2 sum (dx^2 + dy^2), w = 1e4 and 1e3; torch.optim.LBFGS
    adam       the same with torch.optim.Adam, rate 2 / 255

A case is refused where a ReLU, a pooling window or L-BFGS hangs on rounding: the whole run is repeated in float32, from pixels that
are a millionth away, and has to stay within 1e-4 of the one in float64. Needs PyTorch >= 1.13 and NumPy.
"""

import pathlib
import sys

import numpy as np
import torch

import network as networks

STEPS = 20
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# The layers of content, style and texture, and the weight of the total variation of an inversion by its depth.
LAYERS = {
    "conv1": {"content": "conv2_2", "style": ["conv1", "conv2_1"], "texture": ["conv1", "pool1", "conv2_2"], "lambda": 10.0, "weight": 1e4},
    "stem_conv": {
        "content": "block2_relu2",
        "style": ["stem_relu", "block1_relu2"],
        "texture": ["stem_relu", "block1_relu2", "block2_relu2"],
        "lambda": 10.0,
        "weight": 1e3,
    },
}
VARIATION, SEED = 1e-5, 12
max_pool = networks.max_pool


def mean_pool(x, config, of=None):
    """Means of windows of x, over the pixels inside."""
    assert of is None
    window, strides = config["pool_size"], config["strides"]
    sums = [torch.nn.functional.avg_pool2d(networks.pad(y, config, window), window, strides) for y in (x, torch.ones_like(x))]
    return sums[0] / sums[1]


def gram(y):
    features = y[0].flatten(1)
    return features @ features.T


def variation(x):
    down, right = x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]
    return (down**2).sum() + (right**2).sum()


class Case:
    def __init__(self, layers, content, style, dtype):
        self.layers = [(kind, config, {name: w.to(dtype) for name, w in own.items()}) for kind, config, own in layers]
        self.content, self.style = content.to(dtype), style.to(dtype)
        self.mean, self.std = (torch.tensor(values, dtype=dtype).reshape(1, -1, 1, 1) for values in (MEAN, STD))
        self.names = LAYERS[layers[1][1]["name"]]

    def seen(self, x):
        return networks.run(self.layers, x)

    def of(self, u):
        return self.seen((u - self.mean) / self.std)

    def inversion(self):
        layer, natural = self.names["content"], 68.9**2 * self.content.numel()
        reference = self.seen(self.content)[layer]

        def loss(u):
            x = 255 * (u - self.mean)
            distance = ((self.of(u)[layer] - reference) ** 2).sum() / (reference**2).sum()
            return natural * distance + 8e-10 / 2 * (x**6).sum() + self.names["lambda"] / 2 * variation(x)

        return loss

    def texture(self):
        networks.max_pool = mean_pool
        reference = self.seen(self.style)

        def loss(u):
            found, total = self.of(u), 0
            for name in self.names["texture"]:
                y, r = found[name], reference[name]
                distance = gram(y) / y[0, 0].numel() - gram(r) / r[0, 0].numel()
                total = total + 1e9 / 4 * (distance**2).sum() / y.shape[1] ** 2
            return total

        return loss

    def transfer(self):
        layer, content, style = self.names["content"], self.seen(self.content), self.seen(self.style)

        def loss(u):
            found = self.of(u)
            weight = self.names["weight"]
            total = weight * 5 * ((found[layer] - content[layer]) ** 2).mean() + VARIATION / 2 * variation(255 * u)
            for name in self.names["style"]:
                y, r = found[name], style[name]
                total = total + weight * 100 * ((gram(y) / y.numel() - gram(r) / r.numel()) ** 2).mean()
            return total

        return loss


def momentum(u):
    move = torch.zeros_like(u)

    def update(step, closure):
        closure()
        with torch.no_grad():
            if step in (5, 15):
                move.zero_()
            rate = 0.004 * (1 if step < 5 else 0.1 if step < 15 else 0.01)
            # x = 255 (u - mean): the gradient to x is a 255th, and so is the move of u.
            move.mul_(0.9).sub_(rate * u.grad / 255**2)
            u.add_(move)

    return update


def own(optimiser):
    return lambda step, closure: optimiser.step(closure)


OPTIMISERS = {
    "momentum": momentum,
    "lbfgs": lambda u: own(
        torch.optim.LBFGS([u], lr=1, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)
    ),
    "adam": lambda u: own(torch.optim.Adam([u], lr=2 / 255)),
}
CASES = {
    "inversion": ("inversion", "momentum"),
    "texture": ("texture", "lbfgs"),
    "style": ("transfer", "lbfgs"),
    "adam": ("transfer", "adam"),
}


def descend(case, start, of, by):
    networks.max_pool = max_pool
    loss_of = getattr(case, of)()
    u = start.to(case.content.dtype).clone().requires_grad_()
    step_of, curve, kept = OPTIMISERS[by](u), [], {}
    for step in range(STEPS):
        values = []

        def closure():
            u.grad = None
            loss = loss_of(u)
            loss.backward()
            values.append(-loss.item())
            return loss

        step_of(step, closure)
        curve.append(values[0])
        if step + 1 in (5, STEPS):
            kept[str(step + 1)] = hwc(u.detach())
    return kept, np.array(curve)


def hwc(x):
    return x[0].permute(1, 2, 0).double().numpy().copy()


def chw(array):
    return torch.tensor(array.astype(np.float32).astype(np.float64)).permute(2, 0, 1)[None].contiguous()


def main(model, picture, out, height=None, width=None, seed=SEED):
    layers = networks.load(pathlib.Path(model))
    content = networks.input_of(picture)
    content = content[..., : int(height or content.shape[2]), : int(width or content.shape[3])].contiguous()
    rows, columns = content.shape[2:]
    draws = np.random.default_rng(int(seed))
    y, x, c = np.meshgrid(np.arange(rows + 3), np.arange(columns - 2), np.arange(3), indexing="ij")
    style = chw(0.2 * (np.sin(0.9 * y + 0.5 * x + c) + np.cos(0.7 * x - c)) + 0.06 * draws.normal(size=x.shape))
    start = chw(0.5 + 0.3 * draws.normal(size=(rows, columns, 3)))
    arrays = {"preprocessing": np.array([MEAN, STD]), "content": hwc(content), "style": hwc(style), "start": hwc(start)}
    for name, (of, by) in CASES.items():
        kept, curve = descend(Case(layers, content, style, torch.float64), start, of, by)
        moved = start * (1 + 1e-6 * torch.tensor(draws.normal(size=start.shape)))
        single, _ = descend(Case(layers, content, style, torch.float32), moved, of, by)
        for step, image in kept.items():
            off = np.linalg.norm(single[step] - image) / np.linalg.norm(image)
            print(f"{name} after {step}: {curve[0]:.4g} to {curve[-1]:.4g}, pixels {image.min():.3g} to {image.max():.3g}, float32 off by {off:.1e}")
            if off > 1e-4:
                raise SystemExit(f"{name}: hangs on rounding; choose another start")
            arrays[f"{name}/{step}"] = image
        arrays[f"{name}/curve"] = curve
    np.savez_compressed(out, **{name: array.astype(np.float32) for name, array in arrays.items()})


main(*sys.argv[1:])
