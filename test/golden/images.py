"""Golden values for the images that an ascent varies, computed by PyTorch from their definitions.

    /usr/bin/python3 test/golden/images.py test/golden/images [MODEL_DIR HEIGHT WIDTH]

writes, for two images each of 7×5 and 6×8 pixels,

    fourier-7x5.npz  (Lucid: Olah, Mordvintsev & Schubert 2017; odd widths transformed as they are)
    maco-7x5.npz     (Fel et al. 2023, as Xplique has it)
    accentuation-7x5.npz (Hamblin et al. 2024: the gradient scaled by frequency, not the value)

each with parameters, pixels, pixelGradient (drawn) and gradient, the gradient of <pixels, pixelGradient> to the parameters;
maco with magnitude, too. Spectra are [images, H, W//2 + 1, C] and, where complex, 2; pixels [images, H, W, C].
With a model, whose input is HEIGHT×WIDTH, it also writes for each kind

    fourier-climb.npz, …  start (parameters), 0, 5 and 20 (pixels after so many steps), curve (objective before each step);
                          for maco with magnitude

of one image with pixels of -2…2, which are the network's input, as the logit of class 1 grows by torch.optim.Adam of rate 0.05;
for accentuation by z += 0.5·gradient, since Adam would undo the scaling. A climb that hangs on rounding (float32 apart from
float64 by more than 1e-4) is refused.

Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import pathlib
import sys

import numpy as np
import torch

import network as networks

STEPS, TARGET, BOUNDS = 20, 1, (-2.0, 2.0)
ROOT = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], dtype=torch.float64)
COLOR = ROOT / ROOT.norm(dim=0).max()


def frequencies(h, w):
    f = torch.sqrt(
        torch.fft.fftfreq(h, dtype=torch.float64)[:, None] ** 2 + torch.fft.rfftfreq(w, dtype=torch.float64) ** 2
    )
    return f.clamp(min=1 / max(h, w))[None, :, :, None]


def picture(spectrum, h, w):
    return torch.fft.irfft2(spectrum, s=(h, w), dim=(1, 2))


def squashed(t, low, high):
    return torch.sigmoid(t @ COLOR.to(t.dtype).T) * (high - low) + low


def fourier(z, h, w, low=0.0, high=1.0):
    spectrum = torch.view_as_complex(z) * (h * w) ** 0.5 / frequencies(h, w).to(z.dtype)
    return squashed(picture(spectrum, h, w) / 4, low, high)


def standardised(x):
    axes = tuple(range(1, x.ndim))
    x = x - x.mean(axes, keepdim=True)
    return x / (x.std(axes, unbiased=False, keepdim=True) + 1e-5)


def maco(phase, magnitude, h, w, low=-1.0, high=1.0):
    spectrum = torch.polar(magnitude.to(phase.dtype).expand_as(phase), standardised(phase))
    return squashed(standardised(picture(spectrum, h, w)), low, high)


def accentuation(z, h, w, low=0.0, high=1.0):
    return squashed(picture(torch.view_as_complex(z) * (h * w) ** 0.5, h, w), low, high)


def climb(layers, start, draw, precondition, dtype):
    layers = [(kind, config, {name: v.to(dtype) for name, v in weights.items()}) for kind, config, weights in layers]
    z = start.to(dtype).clone().requires_grad_()
    adam = torch.optim.Adam([z], lr=0.05)
    curve, kept = [], {"0": draw(z.detach())[0].double().numpy()}
    for step in range(STEPS):
        z.grad = None
        value = networks.run(layers, draw(z).permute(0, 3, 1, 2))[layers[-1][1]["name"]][0, TARGET]
        (-value).backward()
        curve.append(value.item())
        if precondition is None:
            adam.step()
        else:
            with torch.no_grad():
                z.sub_(0.5 * precondition.to(dtype) * z.grad)
        if step + 1 in (5, STEPS):
            kept[str(step + 1)] = draw(z.detach())[0].double().numpy()
    return kept, np.array(curve)


def climbs(out, model, h, w):
    layers = networks.load(pathlib.Path(model))
    rng = np.random.default_rng(5)
    drawn = lambda *size: torch.tensor(rng.standard_normal(size).astype(np.float32).astype(np.float64))
    shape = (1, h, w // 2 + 1, 3)
    magnitude = torch.tensor((0.2 / frequencies(h, w)[0] ** 1.5).expand(shape[1:]).numpy().astype(np.float32))
    magnitude = magnitude.double()
    kinds = {
        "fourier": (0.2 * drawn(*shape, 2), lambda z: fourier(z, h, w, *BOUNDS), None),
        "maco": (drawn(*shape), lambda z: maco(z, magnitude, h, w, *BOUNDS), None),
        "accentuation": (
            0.5 * drawn(*shape, 2),
            lambda z: accentuation(z, h, w, *BOUNDS),
            1 / frequencies(h, w)[..., None] ** 1.5,
        ),
    }
    for name, (start, draw, precondition) in kinds.items():
        kept, curve = climb(layers, start, draw, precondition, torch.float64)
        single, _ = climb(layers, start, draw, precondition, torch.float32)
        off = max(np.linalg.norm(single[step] - image) / np.linalg.norm(image) for step, image in kept.items())
        print(f"{name}: objective {curve[0]:.4g} to {curve[-1]:.4g}, float32 off by {off:.1e}")
        if off > 1e-4:
            raise SystemExit(f"{name}: hangs on rounding; choose another start")
        arrays = dict(start=start.numpy(), curve=curve, **kept)
        if name == "maco":
            arrays["magnitude"] = magnitude.numpy()
        np.savez_compressed(out / f"{name}-climb.npz", **{k: np.asarray(v, np.float32) for k, v in arrays.items()})


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for h, w in [(7, 5), (6, 8)]:
        rng = np.random.default_rng(h)
        shape = (2, h, w // 2 + 1, 3)
        drawn = lambda *size: torch.tensor(rng.standard_normal(size).astype(np.float32).astype(np.float64))
        magnitude = drawn(*shape[1:]).abs() + 0.1
        kinds = {
            "fourier": (0.1 * drawn(*shape, 2), lambda z: fourier(z, h, w)),
            "maco": (drawn(*shape), lambda z: maco(z, magnitude, h, w)),
            "accentuation": (drawn(*shape, 2), lambda z: accentuation(z, h, w)),
        }
        for name, (parameters, draw) in kinds.items():
            parameters.requires_grad_(True)
            pixels = draw(parameters)
            pixel_gradient = drawn(*pixels.shape)
            (gradient,) = torch.autograd.grad((pixels * pixel_gradient).sum(), parameters)
            if name == "accentuation":
                gradient = gradient / frequencies(h, w)[..., None] ** 1.5
            arrays = dict(parameters=parameters, pixels=pixels, pixelGradient=pixel_gradient, gradient=gradient)
            if name == "maco":
                arrays["magnitude"] = magnitude
            arrays = {key: value.detach().numpy().astype(np.float32) for key, value in arrays.items()}
            np.savez(out / f"{name}-{h}x{w}.npz", **arrays)
    if len(sys.argv) > 2:
        climbs(out, sys.argv[2], *map(int, sys.argv[3:5]))


main()
