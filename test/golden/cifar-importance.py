"""Importance of the filters of a layer of the real CIFAR ResNet-20, over the first 100 test pictures, in PyTorch:
python3 test/golden/cifar-importance.py > test/golden/cifar-importance.json, from the project's root, ../shared beside it."""
import json
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

ROOT, LAYER, COUNT = '../shared/models/cifar10_resnet20/', 'layer3_0_relu1', 100
manifest = json.load(open(ROOT + 'model.json'))
topology = manifest['modelTopology']
layers = (topology.get('model_config') or topology)['config']['layers']
values, weights, at = np.fromfile(ROOT + manifest['weightsManifest'][0]['paths'][0], '<f4'), {}, 0
for weight in manifest['weightsManifest'][0]['weights']:
    size = int(np.prod(weight['shape']))
    weights[weight['name']] = torch.from_numpy(values[at:at + size].reshape(weight['shape']).copy())
    at += size
assert at == len(values)

def logits(x, change):
    """change(a) gives the values of LAYER that the rest of the network sees."""
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
        known[name] = change(a) if name == LAYER else a
    return a

pictures = np.asarray(Image.open('../shared/images/cifar10/test-1000.png').convert('RGB')).reshape(-1, 32, 32, 3)[:COUNT]
labels = torch.tensor(json.load(open('../shared/images/cifar10/labels.json'))['test-1000'][:COUNT])
x = (pictures / 255. - [.485, .456, .406]) / [.229, .224, .225]
x = torch.from_numpy(np.float32(x.transpose(0, 3, 1, 2)))

kept = []
def keep(a):
    kept.append(a.detach().requires_grad_())
    return kept[-1]
F.cross_entropy(logits(x, keep), labels, reduction='sum').backward()
product = kept[0].detach() * kept[0].grad  # [N, C, H, W]
channels = product.shape[1]
unit = lambda v: (v / v.norm()).tolist()
taylor = {
    'example': unit(product.mean((2, 3)).abs().mean(0)),
    'element': unit(product.abs().mean((0, 2, 3))),
    'end': unit(product.mean((0, 2, 3)).abs()),
}

def right(*without):
    def remove(a):
        a = a.clone()
        a[:, list(without)] = 0
        return a
    with torch.no_grad():
        return int((logits(x, remove).argmax(1) == labels).sum())

l1 = weights['layer3_0_conv1/kernel'].abs().sum((0, 1, 2)).tolist()
print(json.dumps({'layer': LAYER, 'right': right(), 'without': [right(c) for c in range(channels)], 'taylor': taylor, 'l1': l1}))
