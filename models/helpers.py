"""Trains the small networks that draw pictures for the shipped network.

    python3 models/helpers.py decoder <train.raw> <held-out.raw> --layer conv2_2 --out decoder.pt
    python3 models/helpers.py generator <train.raw> <held-out.raw> --out generator.pt
    python3 models/helpers.py style <train.raw> <held-out.raw> --out style.pt

    python3 models/helpers.py export <generator.pt> --out models/helpers/generator

`export` writes a tfjs LayersModel of any of them, with weights as half-precision numbers; the network is told by the file's name.
The .raw files come from models/render.mjs. Each command is seeded, uses one thread, prints its loss and the error on the
held-out pictures, and writes PyTorch's state with a picture beside it: held-out pictures above, what the network draws below.

decoder     Features of a layer -> picture of 0...1, trained with the mean squared error of pixels (Dosovitskiy & Brox 2016).
generator   Code of 64 numbers -> picture of 0...1: the decoder of a variational autoencoder, trained with the error of pixels
            and of the shipped network's features. No adversary: its pictures are soft.
style       Picture of 0...255 -> picture of 0...255 (Johnson et al. 2016, small). Losses on the shipped network's features.
            The style picture is drawn by `waves` below.
Needs PyTorch (1.13 was used) and NumPy; a CPU is enough.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from train import SIZE, load, preprocess, restore

CODE = 64
BORDER = 12
LAYERS = {'conv1': 24, 'conv2_2': 48, 'conv3_3': 128}
STYLE_LAYERS = ['conv1', 'conv2_2', 'conv3_3']


def features(network, x, layers):
    """Outputs of these layers, in order; nothing behind the last one runs."""
    found = []
    for name, layer in network.features.named_children():
        x = layer(x)
        if name in layers:
            found.append(x)
            if len(found) == len(layers):
                return found
    raise ValueError(f'no layers {layers}')


def up(inputs, outputs):
    """Twice the size: the transposed convolution that Keras calls 4x4, strides 2, "same"."""
    return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def conv(inputs, outputs, bias=True):
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)


def decoder(layer):
    if layer == 'conv1':
        widths, first = [24, 16], conv(24, 24, bias=False)
    elif layer == 'conv2_2':
        widths, first = [48, 32, 16], conv(48, 48, bias=False)
    else:
        widths, first = [64, 48, 32, 16], conv(128, 64, bias=False)
    ups = [part for pair in zip(widths, widths[1:]) for part in up(*pair)]
    return nn.Sequential(first, nn.BatchNorm2d(widths[0]), nn.ReLU(), *ups, conv(16, 3), nn.Sigmoid())


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(CODE, 48 * 6 * 6)
        self.body = nn.Sequential(nn.BatchNorm2d(48), nn.ReLU(), *up(48, 48), *up(48, 32), *up(32, 16), conv(16, 3),
                                  nn.Upsample(scale_factor=2, mode='bilinear'), nn.Sigmoid())

    def forward(self, code):
        return self.body(self.dense(code).view(-1, 48, 6, 6))


class Encoder(nn.Module):
    """The other half of the autoencoder, which does not ship."""

    def __init__(self):
        super().__init__()
        parts, channels = [], 3
        for width in [16, 32, 48, 64]:
            parts += [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        self.body = nn.Sequential(*parts, nn.Flatten(), nn.Linear(64 * 6 * 6, 2 * CODE))

    def forward(self, x):
        return self.body(x * 2 - 1).chunk(2, 1)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        norm = lambda: nn.InstanceNorm2d(width, affine=True)
        self.body = nn.Sequential(conv(width, width), norm(), nn.ReLU(), conv(width, width), norm())

    def forward(self, x):
        return x + self.body(x)


class Style(nn.Module):
    """c9s1-8, d16, d24, R24 x 3, u16, u8, c9s1-3, instance norm after each but the last; tanh.

    Its zero padding draws rims: pictures are shown with a mirrored border of BORDER pixels, which is cut off again.
    """

    def __init__(self):
        super().__init__()

        def block(layer, width):
            return [layer, nn.InstanceNorm2d(width, affine=True), nn.ReLU()]

        def enlarged(inputs, outputs):
            return [nn.Upsample(scale_factor=2), *block(conv(inputs, outputs), outputs)]

        self.body = nn.Sequential(
            *block(nn.Conv2d(3, 8, 9, padding=4), 8),
            *block(nn.Conv2d(8, 16, 3, 2, 1), 16),
            *block(nn.Conv2d(16, 24, 3, 2, 1), 24),
            Residual(24), Residual(24), Residual(24),
            *enlarged(24, 16), *enlarged(16, 8),
            nn.Conv2d(8, 3, 9, padding=4), nn.Tanh())

    def forward(self, x):
        return 127.5 + 127.5 * self.body(x / 127.5 - 1)

    def framed(self, x):
        """Pictures 0...1, with the border on the way."""
        drawn = self(F.pad(x, (BORDER,) * 4, mode='reflect') * 255) / 255
        return drawn[:, :, BORDER:-BORDER, BORDER:-BORDER]


def waves(size=192):
    """Our own style picture, 0...1 [1, 3, size, size]: bent bands of blue, ochre and white with a fine cross grain."""
    y, x = np.mgrid[:size, :size] / size
    bend = .12 * np.sin(7 * x + 3 * np.sin(5 * y)) + .08 * np.sin(11 * y - 4 * x)
    band = .5 + .5 * np.sin(2 * np.pi * (9 * (y + bend) + 1.5 * x))
    grain = .5 + .5 * np.sin(2 * np.pi * 24 * (x - y + bend))
    dark, warm, light = np.array([.05, .13, .38]), np.array([.93, .62, .12]), np.array([.96, .94, .86])
    mix = band[..., None]
    picture = np.where(mix < .5, dark + (warm - dark) * 2 * mix, warm + (light - warm) * (2 * mix - 1))
    picture = picture * (.72 + .28 * grain[..., None])
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32))


def batches(pixels, steps, batch, seed):
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        yield step, pixels[torch.randint(len(pixels), (batch,), generator=generator)].float() / 255


def fit(model, parameters, pixels, options, loss_of):
    optimizer = torch.optim.Adam(parameters, options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=options.steps, pct_start=.1)
    started = time.time()
    for step, x in batches(pixels, options.steps, options.batch, options.seed):
        loss = loss_of(x, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == options.steps - 1:
            print(f'step {step}  loss {loss.item():.5f}  {time.time() - started:.0f} s', flush=True)
            torch.save(model.state_dict(), options.out)
    return model.eval()


def sheet(path, *rows):
    """Rows of pictures 0...1 as a PPM file."""
    grid = torch.cat([torch.cat(list(row), 2) for row in rows], 1).clamp(0, 1)
    pixels = (grid.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    path.write_bytes(b'P6 %d %d 255\n' % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes())


def train_decoder(network, pixels, held, options):
    model = decoder(options.layer)

    def loss_of(x, step):
        # A layer that sees little of a picture is learnt from quarters of pictures: it takes a quarter of the time.
        if options.layer != 'conv3_3':
            top, left = step % 4 // 2 * 48, step % 2 * 48
            x = x[:, :, top:top + 48, left:left + 48]
        with torch.no_grad():
            seen, = features(network, (x - .5) / .5, [options.layer])
        return F.mse_loss(model(seen), x)

    fit(model, model.parameters(), pixels, options, loss_of)
    with torch.no_grad():
        drawn = torch.cat([model(features(network, preprocess(part), [options.layer])[0]) for part in held.split(50)])
    x = held.float() / 255
    mean = x.mean((0, 2, 3), keepdim=True)
    print(f'held out: mse {F.mse_loss(drawn, x):.6f} of {len(x)} pictures; of the mean colour {F.mse_loss(mean.expand_as(x), x):.6f}')
    return x[:8], drawn[:8]


def train_generator(network, pixels, held, options):
    model, encoder = Generator(), Encoder()
    layers = ['conv2_2', 'conv3_3']

    def loss_of(x, step):
        mean, log_variance = encoder(x)
        drawn = model(mean + torch.randn(mean.shape) * (log_variance / 2).exp())
        with torch.no_grad():
            wanted = features(network, (x - .5) / .5, layers)
        got = features(network, (drawn - .5) / .5, layers)
        far = sum(F.mse_loss(a, b) / b.square().mean() for a, b in zip(got, wanted))
        divergence = .5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return F.mse_loss(drawn, x) * 20 + .1 * far + 5e-4 * min(1, step / 500) * divergence

    fit(model, [*model.parameters(), *encoder.parameters()], pixels, options, loss_of)
    x = held[:8].float() / 255
    encoder.eval()
    with torch.no_grad():
        again = model(encoder(x)[0])
        fresh = model(torch.randn(8, CODE))
        sure = network((fresh - .5) / .5).softmax(1).max(1).values
    print(f'held out: mse {F.mse_loss(again, x):.6f}; probability of the best class for drawn codes {sure.mean():.3f}')
    return x, again, fresh


def gram(x):
    flat = x.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[1] / flat.shape[2]


def train_style(network, pixels, held, options):
    model = Style()
    with torch.no_grad():
        wanted = [gram(seen) for seen in features(network, waves() * 2 - 1, STYLE_LAYERS)]

    def loss_of(x, _):
        drawn = model.framed(x)
        got = features(network, drawn * 2 - 1, STYLE_LAYERS)
        with torch.no_grad():
            content = features(network, x * 2 - 1, ['conv1', 'conv2_2'])
        style = sum(F.mse_loss(gram(a), b.expand(len(x), -1, -1)) / b.square().mean() for a, b in zip(got, wanted))
        kept = sum(F.mse_loss(a, b) / b.square().mean() for a, b in zip(got, content))
        rough = drawn.diff(dim=2).square().mean() + drawn.diff(dim=3).square().mean()
        return options.style * style + kept + 10 * rough

    fit(model, model.parameters(), pixels, options, loss_of)
    x = held[:8].float() / 255
    with torch.no_grad():
        drawn = model.framed(x)
    return x, drawn


# ---- export


class Keras:
    """Layers of a Keras model, one after another or with additions, and their weights."""

    def __init__(self, name, shape):
        self.name, self.layers, self.weights, self.last = name, [], [], 'input'
        self.add('InputLayer', 'input', {'batch_input_shape': [None, *shape], 'dtype': 'float32'}, inputs=[])

    def add(self, kind, name, config, inputs=None, **weights):
        inbound = [[[one, 0, 0, {}] for one in (inputs if inputs is not None else [self.last])]]
        self.layers.append({'class_name': kind, 'config': {'name': name, **config}, 'name': name,
                            'inbound_nodes': inbound if inbound[0] else []})
        self.weights += [(f'{name}/{part}', value.detach().numpy()) for part, value in weights.items()]
        self.last = name

    def unique(self, stem):
        return f'{stem}_{sum(layer["name"].startswith(stem) for layer in self.layers) + 1}'

    def module(self, module):
        """One PyTorch module as Keras's layers of the same result."""
        plain = {'data_format': 'channels_last'}
        if isinstance(module, nn.Sequential):
            for part in module:
                self.module(part)
        elif isinstance(module, Residual):
            before = self.last
            self.module(module.body)
            self.add('Add', self.unique('sum'), {}, inputs=[before, self.last])
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            turned = isinstance(module, nn.ConvTranspose2d)
            name = self.unique('up' if turned else 'conv')
            # PyTorch pads both sides alike; "same" does not where the stride is 2.
            apart = not turned and module.stride[0] > 1
            if apart:
                self.add('ZeroPadding2D', f'{name}_pad', {'padding': module.padding[0], **plain})
            bias = {} if module.bias is None else {'bias': module.bias}
            self.add('Conv2DTranspose' if turned else 'Conv2D', name, {
                'filters': module.out_channels, 'kernel_size': list(module.kernel_size), 'strides': list(module.stride),
                'padding': 'valid' if apart else 'same', 'activation': 'linear', 'use_bias': bool(bias), **plain,
            }, kernel=module.weight.permute(2, 3, 1, 0), **bias)
        elif isinstance(module, nn.BatchNorm2d):
            self.add('BatchNormalization', self.unique('norm'), {'axis': [3], 'epsilon': module.eps},
                     gamma=module.weight, beta=module.bias, moving_mean=module.running_mean, moving_variance=module.running_var)
        elif isinstance(module, nn.InstanceNorm2d):
            self.add('GroupNormalization', self.unique('norm'), {'axis': -1, 'groups': -1, 'epsilon': module.eps},
                     gamma=module.weight, beta=module.bias)
        elif isinstance(module, nn.Upsample):
            self.add('UpSampling2D', self.unique('larger'),
                     {'size': [2, 2], 'interpolation': 'bilinear' if module.mode == 'bilinear' else 'nearest', **plain})
        elif isinstance(module, (nn.ReLU, nn.Sigmoid, nn.Tanh)):
            kind = type(module).__name__.lower()
            self.add('Activation', self.unique(kind), {'activation': kind})
        else:
            raise TypeError(f'{type(module).__name__} is not exported')

    def write(self, folder, metadata):
        folder.mkdir(parents=True, exist_ok=True)
        halves = [(name, value.astype(np.float16)) for name, value in self.weights]
        weights = [{'name': name, 'shape': list(half.shape), 'dtype': 'float32', 'quantization': {'dtype': 'float16'}}
                   for name, half in halves]
        config = {'name': self.name, 'layers': self.layers,
                  'input_layers': [['input', 0, 0]], 'output_layers': [[self.last, 0, 0]]}
        manifest = {
            'format': 'layers-model', 'generatedBy': 'models/helpers.py', 'convertedBy': None,
            'modelTopology': {'keras_version': '2.11.0', 'backend': 'tensorflow',
                              'model_config': {'class_name': 'Functional', 'config': config}},
            'weightsManifest': [{'paths': ['weights.bin'], 'weights': weights}],
            'userDefinedMetadata': metadata,
        }
        (folder / 'model.json').write_text(json.dumps(manifest))
        (folder / 'weights.bin').write_bytes(b''.join(half.tobytes() for _, half in halves))


def half(model):
    """The model with its weights rounded as the file has them."""
    model.load_state_dict({name: value.half().to(value.dtype) for name, value in model.state_dict().items()})
    return model.eval()


def named(state):
    """The model of a file of weights, told by its name, with weights rounded to half precision."""
    stem = state.stem
    model = Style() if stem == 'style' else Generator() if stem == 'generator' else decoder(stem.removeprefix('decoder-'))
    model.load_state_dict(torch.load(state))
    return half(model)


def export(state, folder):
    model, stem = named(state), state.stem
    signed = {'mean': [0, 0, 0], 'std': [1, 1, 1], 'range': 1}
    if stem == 'style':
        keras = Keras('style', [SIZE, SIZE, 3])
        keras.add('Rescaling', 'signed', {'scale': 1 / 127.5, 'offset': -1})
        keras.module(model.body)
        keras.add('Rescaling', 'picture', {'scale': 127.5, 'offset': 127.5})
        keras.write(folder, {'name': stem, 'outputRange': [0, 255], 'preprocessing': signed})
        return
    if stem == 'generator':
        keras = Keras(stem, [CODE])
        # PyTorch reads the dense layer's numbers as [48, 6, 6], Keras as [6, 6, 48].
        weight = model.dense.weight.view(48, 6, 6, CODE).permute(3, 1, 2, 0).reshape(CODE, -1)
        bias = model.dense.bias.view(48, 6, 6).permute(1, 2, 0).reshape(-1)
        keras.add('Dense', 'dense', {'units': 48 * 6 * 6, 'activation': 'linear', 'use_bias': True}, kernel=weight, bias=bias)
        keras.add('Reshape', 'maps', {'target_shape': [6, 6, 48]})
        keras.module(model.body)
    else:
        layer = stem.removeprefix('decoder-')
        side = SIZE // {'conv1': 2, 'conv2_2': 4, 'conv3_3': 8}[layer]
        keras = Keras(stem, [side, side, LAYERS[layer]])
        keras.module(model)
    keras.write(folder, {'name': stem, 'outputRange': [0, 1]})


TASKS = {'decoder': train_decoder, 'generator': train_generator, 'style': train_style}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('task', choices=[*TASKS, 'export'])
    parser.add_argument('train', type=Path, help='pictures to learn from; for export the .pt file')
    parser.add_argument('held', type=Path, nargs='?', help='pictures to measure on')
    parser.add_argument('--model', type=Path, default=Path(__file__).parent / 'vitrine')
    parser.add_argument('--layer', choices=LAYERS, default='conv3_3')
    parser.add_argument('--steps', type=int, default=1500)
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--rate', type=float, default=3e-3)
    parser.add_argument('--style', type=float, default=1)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--out', type=Path, required=True)
    options = parser.parse_args()
    if options.task == 'export':
        return export(options.train, options.out)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    network = restore(options.model).requires_grad_(False)
    pixels, _ = load(options.train, 0)
    held, _ = load(options.held, 1_000_000)
    rows = TASKS[options.task](network, pixels, held, options)
    sheet(options.out.with_suffix('.ppm'), *rows)


if __name__ == '__main__':
    main()
