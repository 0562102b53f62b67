"""Errors of the real CIFAR ResNet-20 on the first 200 test pictures, corrupted by NumPy and Pillow, in PyTorch:
python3 test/golden/cifar-errors.py, from the project's root, ../shared beside it."""
import json
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from skimage import color

ROOT = '../shared/models/cifar10_resnet20/'
manifest = json.load(open(ROOT + 'model.json'))
topology = manifest['modelTopology']
layers = (topology.get('model_config') or topology)['config']['layers']
values, weights, at = np.fromfile(ROOT + manifest['weightsManifest'][0]['paths'][0], '<f4'), {}, 0
for weight in manifest['weightsManifest'][0]['weights']:
    size = int(np.prod(weight['shape']))
    weights[weight['name']] = torch.from_numpy(values[at:at + size].reshape(weight['shape']).copy())
    at += size
assert at == len(values)

def logits(x):
    known = {}
    for layer in layers:
        kind, config = layer['class_name'], layer['config']
        name = config['name']
        a, *rest = [known[node[0]] for node in (layer.get('inbound_nodes') or [[]])[0]] or [x]
        weight = lambda what: weights[f'{name}/{what}']
        if kind == 'Conv2D':
            pad = config['kernel_size'][0] // 2 if config['padding'] == 'same' else 0
            a = F.conv2d(a, weight('kernel').permute(3, 2, 0, 1), stride=config['strides'], padding=pad)
        elif kind == 'BatchNormalization':
            a = F.batch_norm(a, *map(weight, ('moving_mean', 'moving_variance', 'gamma', 'beta')), eps=config['epsilon'])
        elif kind == 'Activation':
            a = F.relu(a)
        elif kind == 'Add':
            a = a + rest[0]
        elif kind == 'ZeroPadding2D':
            a = F.pad(a, (1, 1, 1, 1))
        elif kind == 'GlobalAveragePooling2D':
            a = a.mean((2, 3))
        elif kind == 'Dense':
            a = a @ weight('kernel') + weight('bias')
        known[name] = a
    return a

def brightness(x, c):
    hsv = color.rgb2hsv(x)
    hsv[..., 2] = np.clip(hsv[..., 2] + c, 0, 1)
    return np.uint8(np.clip(color.hsv2rgb(hsv), 0, 1) * 255)

def contrast(x, c):
    mean = x.mean((0, 1))
    return np.uint8(np.clip((x - mean) * c + mean, 0, 1) * 255)

def pixelate(x, c):
    small = Image.fromarray(np.uint8(np.round(255 * x))).resize((int(32 * c),) * 2, Image.BOX)
    return np.asarray(small.resize((32, 32), Image.BOX))

COUNT = 200
pictures = np.asarray(Image.open('../shared/images/cifar10/test-1000.png').convert('RGB')).reshape(-1, 32, 32, 3)[:COUNT]
labels = np.array(json.load(open('../shared/images/cifar10/labels.json'))['test-1000'][:COUNT])
def errors(made):
    x = (np.stack(made) / 255. - [.485, .456, .406]) / [.229, .224, .225]
    with torch.no_grad():
        found = logits(torch.from_numpy(np.float32(x.transpose(0, 3, 1, 2)))).argmax(1).numpy()
    return int((found != labels).sum())
print('clean', errors(pictures))
for recipe, constants in ((brightness, (.05, .3)), (contrast, (.75, .15)), (pixelate, (.95, .65))):
    print(recipe.__name__, [errors([recipe(p / 255., c) for p in pictures]) for c in constants])
