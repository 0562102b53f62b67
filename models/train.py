"""Trains the small network shipped with the project, and measures it.

    python3 models/train.py train <train.raw> [--pairs <pairs.raw>] [--first 0] [--epochs 10] [--out models/vitrine]
    python3 models/train.py evaluate <held-out.raw> [--pairs <pairs.raw>] [--first 1000000] [--model models/vitrine]

The .raw files come from models/render.mjs, those of --pairs drawn with pair = 1;
--first is the index of a file's first picture, from which the labels follow.
`train` fits with batch normalisation, folds it into the convolutions and writes a tfjs LayersModel.
`evaluate` reads that model back from its files, so what it measures is what is shipped.
Needs PyTorch (1.13 was used) and NumPy; a CPU is enough.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SIZE = 96
LABELS_FILE = Path(__file__).parent.parent / 'src/dataset/synthetic-labels.ts'
OBJECTS = 10  # the first labels; only these appear in pairs
LABELS = re.findall(r'^  "(\w+)",$', LABELS_FILE.read_text(), re.MULTILINE)

# ('conv', name, kernel, stride, filters) or ('pool', name)
ARCHITECTURE = [
    ('conv', 'conv1', 7, 2, 24),
    ('pool', 'pool1'),
    ('conv', 'conv2_1', 3, 1, 48),
    ('conv', 'conv2_2', 3, 1, 48),
    ('pool', 'pool2'),
    ('conv', 'conv3_1', 3, 1, 96),
    ('conv', 'conv3_2', 3, 1, 96),
    ('conv', 'conv3_3', 3, 1, 128),
]


def pad_same(x, kernel, stride):
    """Zero padding as Keras does it for 'same': the odd pixel goes to the bottom and the right."""
    height, width = x.shape[2:]
    rows = max((-(-height // stride) - 1) * stride + kernel - height, 0)
    columns = max((-(-width // stride) - 1) * stride + kernel - width, 0)
    return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


class Convolution(nn.Module):
    """Convolution with Keras's 'same' padding, batch normalisation unless folded, and ReLU."""

    def __init__(self, inputs, filters, kernel, stride, folded):
        super().__init__()
        self.conv = nn.Conv2d(inputs, filters, kernel, stride, bias=folded)
        self.norm = nn.Identity() if folded else nn.BatchNorm2d(filters)

    def forward(self, x):
        x = pad_same(x, self.conv.kernel_size[0], self.conv.stride[0])
        return F.relu(self.norm(self.conv(x)))

    def folded(self):
        """Kernel and bias of the plain convolution that computes the same in inference."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        return self.conv.weight * scale[:, None, None, None], self.norm.bias - self.norm.running_mean * scale


class Network(nn.Module):
    def __init__(self, folded=False):
        super().__init__()
        self.features = nn.Sequential()
        channels = 3
        for kind, name, *shape in ARCHITECTURE:
            if kind == 'pool':
                self.features.add_module(name, nn.MaxPool2d(2))
            else:
                kernel, stride, filters = shape
                self.features.add_module(name, Convolution(channels, filters, kernel, stride, folded))
                channels = filters
        self.logits = nn.Linear(channels, len(LABELS))

    def forward(self, x):
        return self.logits(self.features(x).mean((2, 3)))


# ---- data


def load(path, first, paired=False):
    """Pictures as uint8 [n, 3, 96, 96], and what each should be taken for: probabilities [n, classes]."""
    pixels = np.fromfile(path, np.uint8).reshape(-1, SIZE, SIZE, 3)
    index = torch.arange(first, first + len(pixels))
    if paired:
        left = index % OBJECTS
        right = (left + 1 + torch.div(index, OBJECTS, rounding_mode='floor') % (OBJECTS - 1)) % OBJECTS
        targets = (F.one_hot(left, len(LABELS)) + F.one_hot(right, len(LABELS))) / 2
    else:
        targets = F.one_hot(index % len(LABELS), len(LABELS)).float()
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()), targets


def preprocess(pixels):
    return (pixels.float() / 255 - 0.5) / 0.5


def augment(x, generator):
    """Mirrors, shifts by up to 6 pixels, swaps the colour channels and varies brightness and contrast."""
    n = len(x)
    mirrored = torch.rand(n, generator=generator) < 0.5
    x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    x = F.pad(x, (6, 6, 6, 6), mode='reflect')
    top, left = torch.randint(0, 13, (2,), generator=generator).tolist()
    x = x[:, :, top:top + SIZE, left:left + SIZE]
    # A new order of the channels for every picture: the class must not be read off the colour.
    order = torch.rand(n, 3, generator=generator).argsort(1)
    x = x.gather(1, order[:, :, None, None].expand_as(x))
    contrast = 0.7 + 0.6 * torch.rand(n, 1, 1, 1, generator=generator)
    brightness = 0.3 * (torch.rand(n, 1, 1, 1, generator=generator) - 0.5)
    return (x * contrast + brightness).clamp(-1, 1)


# ---- training


def roughness(filters):
    """Mean energy of the differences between neighbouring taps of filters scaled to norm 1."""
    unit = F.normalize(filters.flatten(1)).view_as(filters)
    return (unit.diff(dim=2).square().sum() + unit.diff(dim=3).square().sum()) / len(filters)


@torch.no_grad()
def start_smooth(filters):
    """Blurs random filters and takes their mean away, so that training does not have to unlearn speckle."""
    tap = torch.tensor([1., 4., 6., 4., 1.]) / 16
    blurred = F.conv2d(filters.flatten(0, 1)[:, None], torch.outer(tap, tap)[None, None], padding=2).view_as(filters)
    blurred -= blurred.mean((2, 3), keepdim=True)
    filters.copy_(blurred * filters.std() / blurred.std())


def fit(pixels, targets, epochs, seed, batch=96, rate=0.1, decay=1e-3, smoothing=0.004):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = Network()
    start_smooth(network.features.conv1.conv.weight)
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), rate, momentum=0.9, nesterov=True, weight_decay=decay)
    steps = len(pixels) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * steps, pct_start=0.2)
    started = time.time()
    for epoch in range(epochs):
        order = torch.randperm(len(pixels), generator=generator)[:steps * batch].view(steps, batch)
        loss_sum = correct = 0
        for chosen in order:
            x = augment(preprocess(pixels[chosen]), generator).contiguous(memory_format=torch.channels_last)
            scores = network(x)
            loss = F.cross_entropy(scores, targets[chosen])
            # Neighbouring taps that agree: edges and blobs instead of speckle.
            penalty = smoothing * roughness(network.features.conv1.conv.weight)
            optimizer.zero_grad(set_to_none=True)
            (loss + penalty).backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item()
            correct += (targets[chosen].gather(1, scores.argmax(1, keepdim=True)) > 0).sum().item()
        print(f'epoch {epoch + 1}/{epochs}  loss {loss_sum / steps:.4f}  '
              f'accuracy {correct / (steps * batch):.4f}  {time.time() - started:.0f} s', flush=True)
    return network.eval()


# ---- the tfjs LayersModel


def keras_layers():
    """Class and configuration of every layer, in order."""
    yield 'InputLayer', {'name': 'input', 'batch_input_shape': [None, SIZE, SIZE, 3], 'dtype': 'float32', 'sparse': False}
    for kind, name, *shape in ARCHITECTURE:
        if kind == 'pool':
            yield 'MaxPooling2D', {'name': name, 'pool_size': [2, 2], 'strides': [2, 2], 'padding': 'valid',
                                   'data_format': 'channels_last'}
        else:
            kernel, stride, filters = shape
            yield 'Conv2D', {'name': name, 'filters': filters, 'kernel_size': [kernel, kernel], 'strides': [stride, stride],
                             'padding': 'same', 'data_format': 'channels_last', 'dilation_rate': [1, 1],
                             'activation': 'relu', 'use_bias': True}
    yield 'GlobalAveragePooling2D', {'name': 'gap', 'data_format': 'channels_last'}
    yield 'Dense', {'name': 'logits', 'units': len(LABELS), 'activation': 'softmax', 'use_bias': True}


def topology():
    layers = []
    for kind, config in keras_layers():
        inbound = [[[layers[-1]['name'], 0, 0, {}]]] if layers else []
        layers.append({'class_name': kind, 'config': config, 'name': config['name'], 'inbound_nodes': inbound})
    config = {'name': 'vitrine', 'layers': layers, 'input_layers': [['input', 0, 0]], 'output_layers': [['logits', 0, 0]]}
    return {'keras_version': '2.11.0', 'backend': 'tensorflow', 'model_config': {'class_name': 'Functional', 'config': config}}


def export(network, folder, trained_by):
    """Writes model.json and weights.bin: HWIO kernels, f32, batch normalisation folded."""
    arrays = {}
    for name, layer in network.features.named_children():
        if isinstance(layer, Convolution):
            kernel, bias = layer.folded()
            arrays[f'{name}/kernel'] = kernel.permute(2, 3, 1, 0)
            arrays[f'{name}/bias'] = bias
    arrays['logits/kernel'] = network.logits.weight.t()
    arrays['logits/bias'] = network.logits.bias
    arrays = {name: array.detach().contiguous().numpy().astype('<f4') for name, array in arrays.items()}

    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'weights.bin').write_bytes(b''.join(array.tobytes() for array in arrays.values()))
    (folder / 'model.json').write_text(json.dumps({
        'format': 'layers-model',
        'generatedBy': 'models/train.py',
        'convertedBy': None,
        'modelTopology': topology(),
        'weightsManifest': [{
            'paths': ['weights.bin'],
            'weights': [{'name': name, 'shape': list(array.shape), 'dtype': 'float32'} for name, array in arrays.items()],
        }],
        'userDefinedMetadata': {
            'name': 'vitrine',
            'labels': LABELS,
            'preprocessing': {'mean': [0.5] * 3, 'std': [0.5] * 3},
            'trainedBy': trained_by,
        },
    }, indent=1) + '\n')


def restore(folder):
    """The network as its files have it."""
    manifest, = json.loads((folder / 'model.json').read_text())['weightsManifest']
    values = np.fromfile(folder / 'weights.bin', '<f4')
    arrays, offset = {}, 0
    for weight in manifest['weights']:
        size = int(np.prod(weight['shape']))
        arrays[weight['name']] = torch.from_numpy(values[offset:offset + size].reshape(weight['shape']))
        offset += size
    network = Network(folded=True).eval()
    state = {'logits.weight': arrays['logits/kernel'].t(), 'logits.bias': arrays['logits/bias']}
    for name, layer in network.features.named_children():
        if isinstance(layer, Convolution):
            state[f'features.{name}.conv.weight'] = arrays[f'{name}/kernel'].permute(3, 2, 0, 1)
            state[f'features.{name}.conv.bias'] = arrays[f'{name}/bias']
    network.load_state_dict(state)
    return network


# ---- commands


@torch.no_grad()
def predict(network, pixels):
    return torch.cat([network(preprocess(batch)).softmax(1) for batch in pixels.split(200)])


def train(options):
    torch.set_num_threads(options.threads)
    pixels, targets = load(options.file, options.first)
    last = options.first + len(pixels) - 1
    if options.pairs:
        pairs, pair_targets = load(options.pairs, options.first, paired=True)
        pixels, targets = torch.cat([pixels, pairs]), torch.cat([targets, pair_targets])
    network = fit(pixels, targets, options.epochs, options.seed)
    trained_by = f'models/train.py, indices {options.first}..{last}, {options.epochs} epochs, seed {options.seed}'
    export(network, options.out, trained_by)
    sample = pixels[:200]
    error = (predict(network, sample) - predict(restore(options.out), sample)).abs().max().item()
    print(f'largest change of a probability by folding: {error:.1e}')


def evaluate(options):
    network = restore(options.model)
    pixels, targets = load(options.file, options.first)
    labels, guesses = targets.argmax(1), predict(network, pixels).argmax(1)
    for label, name in enumerate(LABELS):
        mine = labels == label
        missed = guesses[mine & (guesses != label)]
        taken_for = ', '.join(f'{LABELS[g]} {n}' for g, n in enumerate(missed.bincount().tolist()) if n)
        print(f'{name:10} {(guesses[mine] == label).float().mean():.4f}  {taken_for}')
    print(f'all        {(guesses == labels).float().mean():.4f}  of {len(labels)}')

    if options.pairs:
        pixels, targets = load(options.pairs, options.first, paired=True)
        hits = targets.gather(1, predict(network, pixels).topk(2).indices) > 0
        print(f'pairs      {hits[:, 0].float().mean():.4f}  of {len(hits)}: the best guess is one of the two')
        print(f'           {hits.all(1).float().mean():.4f}  the best two guesses are the two')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser('train')
    command.add_argument('file', type=Path)
    command.add_argument('--pairs', type=Path)
    command.add_argument('--first', type=int, default=0)
    command.add_argument('--epochs', type=int, default=10)
    command.add_argument('--seed', type=int, default=1)
    command.add_argument('--threads', type=int, default=2)
    command.add_argument('--out', type=Path, default=Path('models/vitrine'))
    command.set_defaults(run=train)

    command = commands.add_parser('evaluate')
    command.add_argument('file', type=Path)
    command.add_argument('--pairs', type=Path)
    command.add_argument('--first', type=int, default=1_000_000)
    command.add_argument('--model', type=Path, default=Path('models/vitrine'))
    command.set_defaults(run=evaluate)

    options = parser.parse_args()
    options.run(options)


if __name__ == '__main__':
    main()
