"""Golden values for the techniques that weigh a layer's maps, computed by PyTorch from their papers' definitions.

    python3 test/golden/cams.py MODEL_DIR INPUT.npy OUT_DIR

writes float32 arrays for the top class's logit S, at A, the last layer with more than one pixel, g = dS/dA:

    cam.npy                [h, w]     sum_k w_k·A_k, w the class's weights after global average pooling (Zhou 2016);
                                      not written for a network without such pooling
    grad-cam-plus-plus.npy [h, w]     ReLU(sum_k w_k·A_k), w = sum of alpha·ReLU(g),
                                      alpha = g² / (2g² + (sum of A)·g³) (Chattopadhay 2018)
    layer-cam.npy          [h, w]     ReLU(sum_k ReLU(g_k)·A_k) (Jiang 2021)
    guided-grad-cam.npy    [H, W, C]  guided backprop · Grad-CAM enlarged bilinearly (Selvaraju 2017)
    score-cam.npy          [h, w]     ReLU(sum_k alpha_k·A_k), alpha = softmax over k of S(x · enlarged, stretched A_k)
                                      (Wang 2020, algorithm 1)
    ablation-cam.npy       [h, w]     ReLU(sum_k w_k·A_k), w = (S - S without map k) / |S| (Desai 2020)

Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import sys
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from techniques import forward, load


def last_maps(layers, x):
    """How many layers there are up to the last with more than one pixel."""
    found = 0
    for i in range(1, len(layers) + 1):
        y = forward(layers[:i], x)[0]
        if y.dim() == 4 and y.shape[2] * y.shape[3] > 1:
            found = i
    return found


def weighed(weights, a):
    return (weights.reshape(1, -1, 1, 1) * a).sum(1)[0]


def main():
    model, source, out = map(pathlib.Path, sys.argv[1:4])
    layers = load(model)
    x = torch.tensor(np.load(source), dtype=torch.float64).permute(2, 0, 1)[None]
    cut = last_maps(layers, x)
    below, above = layers[:cut], layers[cut:]
    a = forward(below, x)[0].detach().requires_grad_()
    logits = forward(above, a)[0]
    target = int(logits[0].argmax())
    (g,) = torch.autograd.grad(logits[0, target], a)
    a = a.detach()

    def save(name, array):
        np.save(out / f"{name}.npy", np.ascontiguousarray(array.detach().numpy(), np.float32))

    def score(images, part=layers):
        with torch.no_grad():
            return torch.cat([forward(part, some)[0][:, target] for some in images.split(16)])

    if above[0][0] == "GlobalAveragePooling2D":
        save("cam", weighed(above[1][2]["kernel"][:, target], a))
    alpha = g**2 / (2 * g**2 + a.sum((2, 3), keepdim=True) * g**3)
    alpha = torch.where(g == 0, torch.zeros_like(g), alpha)
    save("grad-cam-plus-plus", weighed((alpha * g.clamp(min=0)).sum((2, 3)), a).clamp(min=0))
    save("layer-cam", (g.clamp(min=0) * a).sum(1)[0].clamp(min=0))

    size = x.shape[2:]
    map_ = weighed(g.mean((2, 3)), a).clamp(min=0)
    large = F.interpolate(map_[None, None], size, mode="bilinear", align_corners=False)
    at = x.clone().requires_grad_()
    (guided,) = torch.autograd.grad(forward(layers, at, "guided")[0][0, target], at)
    save("guided-grad-cam", (guided * large)[0].permute(1, 2, 0))

    masks = F.interpolate(a, size, mode="bilinear", align_corners=False)[0]
    low, high = masks.amin((1, 2), keepdim=True), masks.amax((1, 2), keepdim=True)
    masks = torch.where(high > low, (masks - low) / (high - low), torch.zeros_like(masks))
    save("score-cam", weighed(score(x * masks[:, None]).softmax(0), a).clamp(min=0))

    channels = a.shape[1]
    ablated = a * (1 - torch.eye(channels, dtype=a.dtype))[:, :, None, None]
    whole = score(a, above)
    save("ablation-cam", weighed((whole - score(ablated, above)) / whole.abs(), a).clamp(min=0))


if __name__ == "__main__":
    main()
