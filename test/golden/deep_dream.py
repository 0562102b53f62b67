"""A golden dream, computed by PyTorch from the loop of DeepDream's notebook (Mordvintsev et al. 2015), in float64.

    python3 test/golden/deep_dream.py MODEL_DIR INPUT.npy LAYER OUT.npz HEIGHT WIDTH

The picture is the first HEIGHT rows and WIDTH columns of the input, as values of 0 to 1. Two octaves of a ratio of 1.4, three steps
each of 1.5 levels of 255, no jitter: at each size x += 1.5/255 · g / mean|g|, g the gradient of half the layer's squared norm,
then x is clipped to 0..1. What was dreamt at one size is carried up, bilinear, corners on corners (ndimage.zoom of order 1). OUT
holds "dream" [HEIGHT, WIDTH, 3], and "guided", the same with the gradient at the layer replaced by the best match of each place
among those of a guide, which is the picture turned upside down (guided dreams of the notebook).
Needs PyTorch >= 1.13 and NumPy.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

import network as networks


def zoom(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def main(model, picture, layer, out, height, width):
    folder = pathlib.Path(model)
    layers, (mean, std) = networks.load(folder), networks.preprocessing_of(folder)
    mean, std = (torch.tensor(np.broadcast_to(v, 3).copy()).reshape(1, 3, 1, 1) for v in (mean, std))
    image = (networks.input_of(picture) * std + mean)[..., : int(height), : int(width)].contiguous()

    def activation(x):
        return networks.run(layers, (x - mean) / std)[layer]

    guide = activation(image.flip(2)).detach()[0].flatten(1)

    def objective(a, guided):
        if not guided:
            return 0.5 * (a**2).sum()
        flat = a[0].flatten(1)
        best = (flat.T @ guide).argmax(1)
        return (flat * guide[:, best]).sum()

    def dream(guided):
        small = zoom(image, tuple(round(side / 1.4) for side in image.shape[2:]))
        detail = torch.zeros_like(small)
        for base in (small, image):
            x = base + zoom(detail, base.shape[2:])
            for _ in range(3):
                x = x.detach().requires_grad_()
                (g,) = torch.autograd.grad(objective(activation(x), guided), x)
                x = (x + 1.5 / 255 * g / g.abs().mean()).clamp(0, 1)
            detail = x.detach() - base
        return x.detach()[0].permute(1, 2, 0).numpy().astype(np.float32)

    np.savez_compressed(out, dream=dream(False), guided=dream(True))


main(*sys.argv[1:])
