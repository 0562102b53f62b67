"""Three small networks as ONNX files, with golden values, for tests of techniques on imported networks.

    /usr/bin/python3 test/golden/imported.py test/golden/imported

writes, for each of

    shuffle      grouped and depthwise convolutions, batch norm, channel split and shuffle, as in ShuffleNet
    gated        squeeze-and-excite gates, hard swish, a residual sum, as in MobileNetV3
    decoder      max pools, a transposed convolution, a bilinear resize and skips by concatenation, as in U-Net:
                 scores of 4 classes at every place; the question is the strongest class at row 11, column 7

NAME.onnx, of weights drawn by a seed and a batch that is free; and NAME.npz of float32 arrays, pixels before channels, where
S is the logit of the strongest class:

    input                 [H, W, C]   drawn by the seed
    logits                [K] or [H, W, K]
    saliency              [H, W, C]   dS/dx
    guided-backprop       [H, W, C]   R·1[z>0]·1[R>0] at every ReLU (Springenberg 2014); not of "gated", which has hard swish
    grad-cam              [h, w]      ReLU(sum_k mean(g_k)·A_k) at the last layer with pixels before the classifier (Selvaraju 2017)
    integrated-gradients  [H, W, C]   x · mean over the path from 0 of dS/dx, 24 nodes of the Gauss-Legendre rule (Sundararajan 2017)
    occlusion             [H, W]      mean of S(x) - S(covered) over the patches that cover a pixel; patches of 6 of 0, every 4
                                      pixels, the last one at the border
    lrp                   [H, W, C]   R_i = Σ_k x_i w_ik / (z_k ± ε) R_k, ε = 0.01, in everything linear, batch norm and convolution being
                                      one (Bach 2015, eq. 58); activations pass relevance on, a product all of it to what is gated
    lrp-account           [4]         S, the sum over the image, what biases took, and what is left

Needs Debian's python3-torch 1.13 and NumPy. Everything but the files themselves is computed in float64.
"""

import pathlib
import sys
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HEIGHT, WIDTH = 24, 20
PLACE = (11, 7)
STEPS, PATCH, STRIDE, EPSILON = 24, 6, 4, 0.01
# How a backward pass takes ReLUs: "gradient" or "guided"; "relevance" stands for LRP.
RULE = "gradient"
BIASES = []


class Rectify(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        (z,) = ctx.saved_tensors
        return r * (z > 0) * (r > 0)


class Unchanged(torch.autograd.Function):
    """An activation that passes relevance on as it is."""

    @staticmethod
    def forward(ctx, z, function):
        return function(z)

    @staticmethod
    def backward(ctx, r):
        return r, None


class Redistribute(torch.autograd.Function):
    """An affine function whose backward pass shares relevance among what it adds up."""

    @staticmethod
    def forward(ctx, function, *xs):
        ctx.function = function
        ctx.save_for_backward(*xs)
        return function(*xs)

    @staticmethod
    def backward(ctx, r):
        with torch.enable_grad():
            leaves = [x.detach().requires_grad_() for x in ctx.saved_tensors]
            z = ctx.function(*leaves)
            s = (r / (z + torch.where(z < 0, -EPSILON, EPSILON))).detach()
            gradients = torch.autograd.grad((z * s).sum(), leaves)
        BIASES.append((ctx.function(*[torch.zeros_like(x) for x in leaves]) * s).sum().item())
        return None, *[x.detach() * gradient for x, gradient in zip(leaves, gradients)]


def activate(z, function=torch.relu):
    if RULE == "relevance":
        return Unchanged.apply(z, function)
    return Rectify.apply(z) if RULE == "guided" and function is torch.relu else function(z)


def affine(function, *xs):
    return Redistribute.apply(function, *xs) if RULE == "relevance" else function(*xs)


def gate(signal, by):
    return Unchanged.apply(signal, lambda v: v * by) if RULE == "relevance" else signal * by


def mean(x, keep=False):
    return affine(lambda v: v.mean((2, 3), keepdim=keep), x)


def norm(channels):
    layer = nn.BatchNorm2d(channels)
    nn.init.uniform_(layer.weight, 0.5, 1.5)
    nn.init.normal_(layer.bias, 0, 0.2)
    nn.init.normal_(layer.running_mean, 0, 0.1)
    nn.init.uniform_(layer.running_var, 0.3, 1)
    return layer


def conv(before, after, size=3, **more):
    return nn.Sequential(nn.Conv2d(before, after, size, padding=size // 2, bias=False, **more), norm(after))


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv(3, 16, stride=2)
        self.narrow, self.depth, self.wide = conv(8, 8, 1, groups=2), conv(8, 8, groups=8), conv(8, 8, 1)
        self.again = conv(8, 8, 1)
        self.down, self.grouped = conv(16, 16, stride=2, groups=16), conv(16, 24, 1, groups=4)
        self.fc = nn.Linear(24, 5)

    @staticmethod
    def mix(x, groups):
        n, c, h, w = x.shape
        return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)

    def forward(self, x):
        y = activate(affine(self.stem, x))
        kept, changed = y.chunk(2, 1)
        changed = activate(affine(self.narrow, changed))
        changed = activate(affine(self.wide, affine(self.depth, changed)))
        kept, changed = self.mix(torch.cat([kept, changed], 1), 2).chunk(2, 1)
        y = torch.cat([kept, activate(affine(self.again, changed))], 1)
        y = self.mix(activate(affine(self.grouped, affine(self.down, y))), 4)
        self.maps = y
        return affine(self.fc, mean(y))


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.widen, self.depth = conv(3, 8, stride=2), conv(8, 16, 1), conv(16, 16, 5, groups=16)
        self.squeeze, self.excite = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
        self.narrow, self.last = conv(16, 8, 1), conv(8, 16, 1)
        self.fc1, self.fc2 = nn.Linear(16, 12), nn.Linear(12, 5)

    def forward(self, x):
        y = activate(affine(self.stem, x), F.hardswish)
        z = activate(affine(self.depth, activate(affine(self.widen, y), F.hardswish)), F.hardswish)
        asked = F.hardsigmoid(self.excite(torch.relu(self.squeeze(F.adaptive_avg_pool2d(z, 1)))))
        y = affine(torch.add, y, affine(self.narrow, gate(z, asked)))
        y = activate(affine(self.last, y), F.hardswish)
        self.maps = y
        return affine(self.fc2, activate(affine(self.fc1, mean(y)), F.hardswish))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = conv(3, 6), conv(6, 10), conv(10, 12)
        self.up, self.d, self.e = nn.ConvTranspose2d(12, 8, 3, stride=2, padding=1, output_padding=1), conv(18, 8), conv(14, 8)
        self.out = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        a = activate(affine(self.a, x))
        b = activate(affine(self.b, F.max_pool2d(a, 2)))
        c = activate(affine(self.c, F.max_pool2d(b, 2)))
        y = activate(affine(self.d, torch.cat([activate(affine(self.up, c)), b], 1)))
        y = affine(lambda v: F.interpolate(v, scale_factor=2, mode="bilinear", align_corners=False), y)
        y = activate(affine(self.e, torch.cat([y, a], 1)))
        self.maps = y
        return affine(self.out, y)


def pixels_first(array):
    return array[0].permute(1, 2, 0).detach().numpy()


def occlusion(x, score):
    *_, height, width = x.shape
    clean = score(x)[0].item()
    total, count = np.zeros((height, width)), np.zeros((height, width))
    tops, lefts = ([min(i, size - PATCH) for i in range(0, size - PATCH + STRIDE, STRIDE)] for size in (height, width))
    for top in tops:
        for left in lefts:
            covered = x.clone()
            covered[..., top : top + PATCH, left : left + PATCH] = 0
            with torch.no_grad():
                total[top : top + PATCH, left : left + PATCH] += clean - score(covered)[0].item()
            count[top : top + PATCH, left : left + PATCH] += 1
    return total / np.maximum(count, 1)


def values_of(name, net, x):
    """Golden values by name."""
    places = name == "decoder"
    with torch.no_grad():
        logits = net(x)
    at = (slice(None), slice(None), *PLACE) if places else (slice(None), slice(None))
    target = int(logits[at][0].argmax())

    def score(images):
        return net(images)[at][:, target]

    def gradient(images, rule):
        global RULE
        RULE = rule
        BIASES.clear()
        leaf = images.clone().requires_grad_()
        scores = score(leaf)
        start = scores.detach() if rule == "relevance" else torch.ones_like(scores)
        found = torch.autograd.grad(scores, leaf, start)[0]
        RULE = "gradient"
        return found

    found = {
        "input": pixels_first(x),
        "logits": pixels_first(logits) if places else logits[0].numpy(),
        "saliency": pixels_first(gradient(x, "gradient")),
        "occlusion": occlusion(x, score),
    }
    if name != "gated":
        found["guided-backprop"] = pixels_first(gradient(x, "guided"))
    (slopes,) = torch.autograd.grad(score(x.clone().requires_grad_())[0], net.maps)
    found["grad-cam"] = (slopes.mean((2, 3), keepdim=True) * net.maps).sum(1).clamp(min=0)[0].detach().numpy()
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    path = torch.cat([x * (1 + node) / 2 for node in nodes])
    shares = torch.tensor(weights / 2).reshape(-1, 1, 1, 1) * gradient(path, "gradient")
    found["integrated-gradients"] = pixels_first(shares.sum(0, keepdim=True) * x)
    relevance = pixels_first(gradient(x, "relevance"))
    total, biases, whole = relevance.sum(), sum(BIASES), score(x)[0].item()
    found["lrp"] = relevance
    found["lrp-account"] = np.array([whole, total, biases, whole - total - biases])
    print(f"{name}: class {target}, score {whole:.5f}, relevance {total:.5f}, biases {biases:.5f}")
    return found


def main():
    warnings.filterwarnings("ignore")
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for seed, (name, kind) in enumerate({"shuffle": Shuffle, "gated": Gated, "decoder": Decoder}.items()):
        torch.manual_seed(seed)
        net = kind().eval()
        x = torch.randn(1, 3, HEIGHT, WIDTH)
        torch.onnx.export(
            net,
            x,
            str(out / f"{name}.onnx"),
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            opset_version=14,
            input_names=["image"],
            output_names=["scores"],
            dynamic_axes={"image": {0: "N"}, "scores": {0: "N"}},
        )
        values = values_of(name, net.double(), x.double())
        arrays = {key: np.ascontiguousarray(value, np.float32) for key, value in values.items()}
        np.savez_compressed(out / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main()
