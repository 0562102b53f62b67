"""Golden trajectory of a class image (Simonyan et al. 2013), computed by PyTorch in float64.

    python3 test/golden/class_image.py MODEL_DIR INPUT.npy OUT.npz [HEIGHT WIDTH]

Pixels I of 0…1 climb S(I + mean) - LAMBDA · Σ I², S the logit of class 3, for 20 steps of mean length 0.005, where mean is the color that
the preprocessing subtracts, or 0.5 where it subtracts none. They begin at half of the input's picture less that mean, cut to its first
HEIGHT rows and WIDTH columns: at zero every ReLU of the shipped network's last layers is closed. OUT.npz holds float32 arrays

    5, 20   [H, W, C]  I + mean after 5 and after 20 steps
    curve   [20]       the objective before each step

It is refused where a ReLU or a pooling window hangs on rounding: the run is repeated in float32, and has to stay within 1e-4 of the one in
float64. Needs PyTorch >= 1.13 and NumPy.
"""

import pathlib
import sys

import numpy as np
import torch

import network as networks

STEPS, TARGET, LAMBDA, RATE = 20, 3, 0.01, 0.005


def climb(layers, mean, preprocessing, start, dtype):
    layers = [(kind, config, {name: w.to(dtype) for name, w in weights.items()}) for kind, config, weights in layers]
    subtracted, divisor = (torch.tensor(np.broadcast_to(part, 3).copy(), dtype=dtype).view(1, 3, 1, 1) for part in preprocessing)
    home = torch.tensor(mean, dtype=dtype).view(1, 3, 1, 1)
    image = start.to(dtype).clone().requires_grad_()
    curve, kept = [], {}
    for step in range(STEPS):
        found = networks.run(layers, (image + home - subtracted) / divisor)
        value = found[layers[-1][1]["name"]][0, TARGET] - LAMBDA * (image**2).sum()
        (gradient,) = torch.autograd.grad(value, image)
        curve.append(value.item())
        with torch.no_grad():
            image += RATE * gradient / gradient.abs().mean()
        if step + 1 in (5, STEPS):
            kept[str(step + 1)] = (image + home).detach()[0].permute(1, 2, 0).double().numpy()
    return kept, curve


def main(model, picture, out, height=28, width=23):
    directory = pathlib.Path(model)
    layers = networks.load(directory)
    preprocessing = networks.preprocessing_of(directory)
    mean = np.broadcast_to(preprocessing[0], 3).copy()
    mean = mean if mean.any() else np.full(3, 0.5)
    subtracted, divisor = (torch.tensor(np.broadcast_to(part, 3).copy()).view(1, 3, 1, 1) for part in preprocessing)
    shown = networks.input_of(picture)[..., : int(height), : int(width)] * divisor + subtracted
    start = (shown - torch.tensor(mean).view(1, 3, 1, 1)) / 2
    kept, curve = climb(layers, mean, preprocessing, start, torch.float64)
    single, _ = climb(layers, mean, preprocessing, start, torch.float32)
    for step, image in kept.items():
        off = np.linalg.norm(single[step] - image) / np.linalg.norm(image)
        print(f"after {step}: objective {curve[0]:.4g} to {curve[-1]:.4g}, float32 off by {off:.1e}")
        if off > 1e-4:
            raise SystemExit("hangs on rounding; choose another size")
    np.savez_compressed(out, curve=np.float32(curve), **{step: np.float32(image) for step, image in kept.items()})


main(*sys.argv[1:])
