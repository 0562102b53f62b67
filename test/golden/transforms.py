"""Golden values for the transforms of an ascent, computed by PyTorch's own sampling from given draws.

    python3 test/golden/transforms.py OUT.npz

A picture x [1, H, W, C] goes through chains of transforms whose draws are given; for each chain the file holds its views (`NAME`) and
the gradient of <view, weights> to x (`NAME-gradient`), with weights [1, h, w, C] (`NAME-weights`):

    lucid    pad 12 with 0.5, a cut of 8 at (3, 6), scale 0.9 about the centre with 0.5 around, a turn of 7 degrees counterclockwise
             with 0 around, a cut of 4 at (1, 4)
    crop     the box (top 3.2, left -2.5, 9.7 x 13.1 pixels) at 12 x 10, the border reflected
    resize   the whole picture at 17 x 23, the border repeated
    edge     6 pixels of the border repeated on every side; then a turn of 33 degrees, the border repeated

Places are pixels' centres (align_corners=False), sampling is bilinear. Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)


def affine(x, theta, size, border, value=0.0):
    """Samples x at the places of theta, a map of normalised coordinates (x, y) in -1...1."""
    grid = F.affine_grid(torch.tensor(theta)[None], (1, x.shape[1], *size), align_corners=False)
    return F.grid_sample(x - value, grid, mode="bilinear", padding_mode=border, align_corners=False) + value


def scale(x, factor, value):
    return affine(x, [[1 / factor, 0.0, 0.0], [0.0, 1 / factor, 0.0]], x.shape[2:], "zeros", value)


def rotate(x, degrees, border):
    height, width = x.shape[2:]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    # In pixels: (across, down) -> (c across - s down, s across + c down), counterclockwise as pictures are seen.
    return affine(x, [[c, -s * height / width, 0.0], [s * width / height, c, 0.0]], x.shape[2:], border)


def crop(x, top, left, height, width, size):
    # grid_sample reflects at the outer edge of pixels; a picture that is reflected at their centres comes from padding.
    padded = F.pad(x, (8, 8, 8, 8), mode="reflect")
    H, W = padded.shape[2:]
    theta = [[width / W, 0.0, (2 * (left + 8) + width) / W - 1], [0.0, height / H, (2 * (top + 8) + height) / H - 1]]
    return affine(padded, theta, size, "zeros")


CHAINS = {
    "lucid": lambda x: rotate(
        scale(F.pad(x, (12, 12, 12, 12), value=0.5)[:, :, 3 : 3 + x.shape[2] + 16, 6 : 6 + x.shape[3] + 16], 0.9, 0.5),
        7,
        "zeros",
    )[:, :, 1 : 1 + x.shape[2] + 12, 4 : 4 + x.shape[3] + 12],
    "crop": lambda x: crop(x, 3.2, -2.5, 9.7, 13.1, (12, 10)),
    "resize": lambda x: F.interpolate(x, size=(17, 23), mode="bilinear", align_corners=False),
    "edge": lambda x: rotate(F.pad(x, (6, 6, 6, 6), mode="replicate"), 33, "border"),
}

x = torch.rand(1, 3, 13, 15)
last = lambda t: t.detach().permute(0, 2, 3, 1).numpy().astype(np.float32)
arrays = {"x": last(x)}
for name, chain in CHAINS.items():
    start = torch.tensor(arrays["x"]).double().permute(0, 3, 1, 2).requires_grad_()
    view = chain(start)
    weights = torch.randn(view.shape).float().double()
    (view * weights).sum().backward()
    arrays |= {name: last(view), f"{name}-weights": last(weights), f"{name}-gradient": last(start.grad)}
np.savez_compressed(sys.argv[1], **arrays)
