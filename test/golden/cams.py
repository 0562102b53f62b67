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

from network import beside, input_of, last_maps, load, run


def weighed(weights, a):
    return (weights.reshape(1, -1, 1, 1) * a).sum(1)[0]


def main():
    model, source, out = map(pathlib.Path, sys.argv[1:4])
    layers = load(model)
    x = input_of(source)
    end = layers[-1][1]["name"]
    clean = run(layers, x)
    last = last_maps(clean)
    around = beside(layers, clean, last)

    def from_maps(some):
        """Logits for the layer's maps, changed: several of them, with the rest of the network as the image has it."""
        rest = {name: y.expand(len(some), *y.shape[1:]) for name, y in around.items()}
        return run(layers, None, given={**rest, last: some})[end]

    a = clean[last].clone().requires_grad_()
    logits = from_maps(a)
    target = int(logits[0].argmax())
    (g,) = torch.autograd.grad(logits[0, target], a)
    a = a.detach()

    def save(name, array):
        np.save(out / f"{name}.npy", np.ascontiguousarray(array.detach().numpy(), np.float32))

    def score(some, network=lambda images: run(layers, images)[end]):
        with torch.no_grad():
            return torch.cat([network(part)[:, target] for part in some.split(16)])

    if layers[-2][0] == "GlobalAveragePooling2D" and layers[-2][1]["inputs"] == [last]:
        save("cam", weighed(layers[-1][2]["kernel"][:, target], a))
    alpha = g**2 / (2 * g**2 + a.sum((2, 3), keepdim=True) * g**3)
    alpha = torch.where(g == 0, torch.zeros_like(g), alpha)
    save("grad-cam-plus-plus", weighed((alpha * g.clamp(min=0)).sum((2, 3)), a).clamp(min=0))
    save("layer-cam", (g.clamp(min=0) * a).sum(1)[0].clamp(min=0))

    size = x.shape[2:]
    map_ = weighed(g.mean((2, 3)), a).clamp(min=0)
    large = F.interpolate(map_[None, None], size, mode="bilinear", align_corners=False)
    at = x.clone().requires_grad_()
    (guided,) = torch.autograd.grad(run(layers, at, "guided")[end][0, target], at)
    save("guided-grad-cam", (guided * large)[0].permute(1, 2, 0))

    masks = F.interpolate(a, size, mode="bilinear", align_corners=False)[0]
    low, high = masks.amin((1, 2), keepdim=True), masks.amax((1, 2), keepdim=True)
    masks = torch.where(high > low, (masks - low) / (high - low), torch.zeros_like(masks))
    save("score-cam", weighed(score(x * masks[:, None]).softmax(0), a).clamp(min=0))

    channels = a.shape[1]
    ablated = a * (1 - torch.eye(channels, dtype=a.dtype))[:, :, None, None]
    whole = score(a, from_maps)
    save("ablation-cam", weighed((whole - score(ablated, from_maps)) / whole.abs(), a).clamp(min=0))


if __name__ == "__main__":
    main()
