"""Golden values for images that a pattern-producing network draws, computed by PyTorch from Lucid's definition.

    /usr/bin/python3 test/golden/cppn.py test/golden/images

writes, for two images of 5×7 and 4×4 pixels,

    cppn-5x7.npz  (8 layers of 24 neurons, as in Lucid)
    cppn-4x4.npz  (2 layers of 5 neurons)

each with parameters [images, P], pixels [images, H, W, 3], pixelGradient (drawn) and gradient, the gradient of
<pixels, pixelGradient> to the parameters. Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import pathlib
import sys

import numpy as np
import torch


def composite(z):
    t = torch.atan(z)
    return torch.cat([t / 0.67, t * t / 0.6], -1)


def sizes(layers, neurons):
    inputs = [2] + [2 * neurons] * layers
    return list(zip(inputs, [neurons] * layers + [3]))


def draw(parameters, h, w, layers, neurons):
    r = 3**0.5
    y, x = torch.meshgrid(
        torch.linspace(-r, r, h, dtype=torch.float64), torch.linspace(-r, r, w, dtype=torch.float64), indexing="ij"
    )
    pictures = []
    for own in parameters:
        a, at = torch.stack([x, y], -1), 0
        for k, (inputs, outputs) in enumerate(sizes(layers, neurons)):
            weights = own[at : at + inputs * outputs].reshape(inputs, outputs)
            at += inputs * outputs
            z = a @ weights + own[at : at + outputs]
            at += outputs
            a = composite(z)
        pictures.append(torch.sigmoid(z))
    return torch.stack(pictures)


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for h, w, layers, neurons in [(5, 7, 8, 24), (4, 4, 2, 5)]:
        rng = np.random.default_rng(h)
        drawn = lambda *size: torch.tensor(rng.standard_normal(size).astype(np.float32).astype(np.float64))
        blocks = [
            part
            for inputs, outputs in sizes(layers, neurons)
            for part in (drawn(2, inputs * outputs) / inputs**0.5, 0.1 * drawn(2, outputs))
        ]
        parameters = torch.cat(blocks, 1).float().double().requires_grad_(True)
        pixels = draw(parameters, h, w, layers, neurons)
        pixel_gradient = drawn(*pixels.shape)
        (gradient,) = torch.autograd.grad((pixels * pixel_gradient).sum(), parameters)
        arrays = dict(parameters=parameters, pixels=pixels, pixelGradient=pixel_gradient, gradient=gradient)
        arrays = {key: value.detach().numpy().astype(np.float32) for key, value in arrays.items()}
        np.savez_compressed(out / f"cppn-{h}x{w}.npz", **arrays)


main()
