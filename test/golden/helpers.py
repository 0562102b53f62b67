"""What PyTorch gives for the networks of models/helpers, from the files of their training.

    python3 test/golden/helpers.py <folder of the .pt files> <held-out.raw>

Writes test/golden/helpers.npz: every sixth pixel of what each draws for a code, features or a picture by formula, with the
weights rounded as they ship, and of six steps of a GAN prior with the generator ("prior", in float64; "curve" has the class's logit
before each step); and prints the decoders' error on the first 16 held-out pictures.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).parents[2] / 'models'))
from helpers import CODE, LAYERS, features, named  # noqa: E402
from train import load, preprocess, restore  # noqa: E402

folder, held = Path(sys.argv[1]), load(sys.argv[2], 1_000_000)[0][:16]
network = restore(Path(__file__).parents[2] / 'models/vitrine')


def wave(*shape):
    return torch.from_numpy(np.sin(np.arange(np.prod(shape)) * .37).reshape(shape).astype(np.float32))


def drawn(name, x):
    with torch.no_grad():
        return named(folder / f'{name}.pt')(x)


found = {
    'generator': drawn('generator', 1.5 * wave(1, CODE)),
    'style': drawn('style', torch.from_numpy(np.arange(96 * 96 * 3).reshape(1, 96, 96, 3) * 37 % 256).float().permute(0, 3, 1, 2)),
}
for layer, side in [('conv1', 48), ('conv2_2', 24)]:
    name = f'decoder-{layer}'
    found[name] = drawn(name, 2 * wave(1, side, side, LAYERS[layer]).relu().permute(0, 3, 1, 2))
    with torch.no_grad():
        again = drawn(name, features(network, preprocess(held), [layer])[0])
    print(f'{name}: mse {F.mse_loss(again, held.float() / 255):.6f}')


def prior(steps):
    """GAN prior for the class 3 on the shipped network: rate on a line from 0.5 to 0.1, codes held within 1.2, decay 0.01."""
    generator = named(folder / 'generator.pt').double()
    judge = network.double()
    code, curve = .5 * wave(1, CODE).double(), []
    for step in range(steps):
        code = code.detach().requires_grad_()
        score = judge((generator(code) - .5) / .5)[0, 3]
        g, = torch.autograd.grad(score, code)
        curve.append(score.item())
        rate = .5 + (.1 - .5) * step / (steps - 1)
        code = (code + rate * g / g.abs().mean()).clamp(-1.2, 1.2) * .99
    with torch.no_grad():
        return generator(code).float(), torch.tensor(curve)


found['prior'], curve = prior(6)
np.savez_compressed(Path(__file__).with_suffix('.npz'), curve=curve.numpy().astype(np.float32),
                    **{name: y[0].permute(1, 2, 0)[::6, ::6].numpy() for name, y in found.items()})
