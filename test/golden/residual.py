"""Writes the small residual network that golden values exist for, and the picture it is asked about.

    python3 test/golden/residual.py OUT_DIR

writes model.json and weights.bin, a tfjs LayersModel of about 10 000 weights for 24×32 RGB pictures and 7 classes, and
input.npy, a picture [24, 32, 3] as the network takes it. Its weights are random, from a seed, and its batch norms hold the
statistics that a batch of pictures gives, as training would leave them, so that activations stay in range:

    conv 3×3, norm, ReLU
    block 1    conv, norm, ReLU, conv, norm; plus what came; ReLU                  as He 2015 has it
    block 2    the same with stride 2, and a 1×1 convolution with stride 2 and a norm on the way around
    block 3    norm, ReLU, conv, norm, ReLU, conv; plus what came                  "pre-activation", He 2016
    norm, ReLU, global average pooling, dense with softmax

Block 1's ReLUs are layers of their own; so are all others. Needs PyTorch >= 1.13 and NumPy.
"""

import json
import pathlib
import sys

import numpy as np
import torch

from network import run

SEED, SIZE, CLASSES = 4, (24, 32), 7
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def describe():
    """Layers as the file has them: (class name, name, config, inputs)."""
    layers = [("InputLayer", "image", {"batch_input_shape": [None, *SIZE, 3], "dtype": "float32"}, [])]

    def layer(kind, name, source, **config):
        layers.append((kind, name, config, [source] if isinstance(source, str) else source))
        return name

    def conv(name, source, filters, size=3, stride=1, bias=False):
        return layer(
            "Conv2D",
            name,
            source,
            filters=filters,
            kernel_size=[size, size],
            strides=[stride, stride],
            padding="same",
            use_bias=bias,
            activation="linear",
        )

    def norm(name, source):
        return layer("BatchNormalization", name, source, axis=[3], epsilon=1e-3, center=True, scale=True)

    def relu(name, source):
        return layer("Activation", name, source, activation="relu")

    def block(name, source, filters, stride=1):
        x = relu(f"{name}_relu1", norm(f"{name}_norm1", conv(f"{name}_conv1", source, filters, stride=stride)))
        x = norm(f"{name}_norm2", conv(f"{name}_conv2", x, filters))
        around = source
        if stride > 1:
            around = norm(f"{name}_norm0", conv(f"{name}_project", source, filters, size=1, stride=stride))
        return relu(f"{name}_relu2", layer("Add", f"{name}_add", [x, around]))

    x = relu("stem_relu", norm("stem_norm", conv("stem_conv", "image", 8)))
    x = block("block1", x, 8)
    before = block("block2", x, 16, stride=2)
    x = conv("block3_conv1", relu("block3_relu1", norm("block3_norm1", before)), 16)
    x = conv("block3_conv2", relu("block3_relu2", norm("block3_norm2", x)), 16, bias=True)
    x = relu("last_relu", norm("last_norm", layer("Add", "block3_add", [x, before])))
    layer("Dense", "logits", layer("GlobalAveragePooling2D", "pool", x), units=CLASSES, activation="softmax")
    return layers


def picture(random):
    """uint8 [H, W, 3]: a shaded ground, a disc and a bar of other colours, and grain, so that no two windows tie."""
    height, width = SIZE
    y, x = np.mgrid[:height, :width] / height
    colours = random.uniform(0.1, 0.9, (4, 3))
    slope = random.uniform(-0.3, 0.3, 2)
    image = colours[0] + (slope[0] * y + slope[1] * x)[..., None]
    centre, radius = random.uniform(0.3, 0.9, 2), random.uniform(0.15, 0.3)
    image[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2] = colours[1]
    left = random.uniform(0.1, 1)
    image[(x > left) & (x < left + 0.15)] = colours[2]
    grain = random.normal(0, 0.06, image.shape)
    return ((image + grain).clip(0, 1) * 255).round().astype(np.uint8)


def prepared(pixels):
    return ((pixels / 255 - MEAN) / STD).astype(np.float32)


def weigh(layers, random):
    """Random weights, layer by layer, each norm with what its input shows for a batch of pictures."""
    batch = torch.tensor(np.stack([prepared(picture(random)) for _ in range(32)]), dtype=torch.float64)
    found, weights = {}, {}
    for kind, name, config, inputs in layers:
        channels = found[inputs[0]].shape[1] if inputs else 3
        own = {}
        if kind == "Conv2D":
            shape = (*config["kernel_size"], channels, config["filters"])
            own["kernel"] = random.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape)
            if config["use_bias"]:
                own["bias"] = random.normal(0, 0.1, shape[3])
        elif kind == "BatchNormalization":
            x = found[inputs[0]]
            own["gamma"] = random.uniform(0.6, 1.4, channels)
            own["beta"] = random.normal(0, 0.2, channels)
            own["moving_mean"] = x.mean((0, 2, 3)).numpy() + random.normal(0, 0.05, channels)
            own["moving_variance"] = x.var((0, 2, 3)).numpy() * random.uniform(0.8, 1.25, channels)
        elif kind == "Dense":
            own["kernel"] = random.normal(0, 2 / np.sqrt(channels), (channels, config["units"]))
            own["bias"] = random.normal(0, 0.2, config["units"])
        for key, value in own.items():
            weights[f"{name}/{key}"] = value.astype(np.float32)
        tensors = {key: torch.tensor(value.astype(np.float32), dtype=torch.float64) for key, value in own.items()}
        step = (kind, {**config, "name": name, "inputs": inputs}, tensors)
        found = run([step], batch.permute(0, 3, 1, 2), given=found)
    return weights


def manifest(layers, weights):
    def described(kind, name, config, inputs):
        nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    return {
        "format": "layers-model",
        "generatedBy": "test/golden/residual.py",
        "convertedBy": None,
        "modelTopology": {
            "keras_version": "2.11.0",
            "backend": "tensorflow",
            "model_config": {
                "class_name": "Functional",
                "config": {
                    "name": "residual",
                    "layers": [described(*layer) for layer in layers],
                    "input_layers": [[layers[0][1], 0, 0]],
                    "output_layers": [[layers[-1][1], 0, 0]],
                },
            },
        },
        "weightsManifest": [
            {
                "paths": ["weights.bin"],
                "weights": [
                    {"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in weights.items()
                ],
            }
        ],
        "userDefinedMetadata": {"preprocessing": {"mean": MEAN.tolist(), "std": STD.tolist()}},
    }


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    layers, random = describe(), np.random.default_rng(SEED)
    weights = weigh(layers, random)
    (out / "model.json").write_text(json.dumps(manifest(layers, weights)) + "\n")
    (out / "weights.bin").write_bytes(b"".join(array.tobytes() for array in weights.values()))
    np.save(out / "input.npy", prepared(picture(random)))


if __name__ == "__main__":
    main()
