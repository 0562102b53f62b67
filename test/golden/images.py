"""Golden values for the images that an ascent varies, computed by PyTorch from their definitions.

    /usr/bin/python3 test/golden/images.py test/golden/images

writes, for two images each of 7×5 and 6×8 pixels,

    fourier-7x5.npz  (Lucid: Olah, Mordvintsev & Schubert 2017; odd widths transformed as they are)
    maco-7x5.npz     (Fel et al. 2023, as Xplique has it)
    accentuation-7x5.npz (Hamblin et al. 2024: the gradient scaled by frequency, not the value)

each with parameters, pixels, pixelGradient (drawn) and gradient, the gradient of <pixels, pixelGradient> to the parameters;
maco with magnitude, too. Spectra are [images, H, W//2 + 1, C] and, where complex, 2; pixels [images, H, W, C].
Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import pathlib
import sys

import numpy as np
import torch

ROOT = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], dtype=torch.float64)
COLOR = ROOT / ROOT.norm(dim=0).max()


def frequencies(h, w):
    f = torch.sqrt(
        torch.fft.fftfreq(h, dtype=torch.float64)[:, None] ** 2 + torch.fft.rfftfreq(w, dtype=torch.float64) ** 2
    )
    return f.clamp(min=1 / max(h, w))[None, :, :, None]


def picture(spectrum, h, w):
    return torch.fft.irfft2(spectrum, s=(h, w), dim=(1, 2))


def fourier(z, h, w, decay=1.0):
    spectrum = torch.view_as_complex(z) * (h * w) ** 0.5 / frequencies(h, w) ** decay
    return torch.sigmoid((picture(spectrum, h, w) / 4) @ COLOR.T)


def standardised(x):
    axes = tuple(range(1, x.ndim))
    x = x - x.mean(axes, keepdim=True)
    return x / (x.std(axes, unbiased=False, keepdim=True) + 1e-5)


def maco(phase, magnitude, h, w, low=-1.0, high=1.0):
    spectrum = torch.polar(magnitude.expand_as(phase), standardised(phase))
    return torch.sigmoid(standardised(picture(spectrum, h, w)) @ COLOR.T) * (high - low) + low


def accentuation(z, h, w):
    return torch.sigmoid(picture(torch.view_as_complex(z) * (h * w) ** 0.5, h, w) @ COLOR.T)


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


main()
