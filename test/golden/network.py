"""Runs a tfjs LayersModel in PyTorch, in float64: what the scripts in this folder share. Not a script itself.

A network is a list of layers in the file's order, each (class name, config, weights by their last name), its config with the
names of the layers it reads as config["inputs"]. Known are Conv2D, BatchNormalization, Add, Activation and ReLU,
MaxPooling2D, GlobalAveragePooling2D, Flatten and Dense; Dropout does nothing, and a final softmax is left out.
Needs PyTorch >= 1.13 and NumPy (on Debian: python3-torch).
"""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F


class Relu(torch.autograd.Function):
    """ReLU, up to a ceiling, whose backward pass follows one of three rules."""

    @staticmethod
    def forward(ctx, z, rule, ceiling):
        ctx.save_for_backward(z)
        ctx.rule, ctx.ceiling = rule, ceiling
        return z.clamp(0, ceiling)

    @staticmethod
    def backward(ctx, r):
        (z,) = ctx.saved_tensors
        inside = (z > 0) & (z < ctx.ceiling)
        if ctx.rule == "gradient":
            return r * inside, None, None
        if ctx.rule == "guided":
            return r * inside * (r > 0), None, None
        assert ctx.rule == "deconvnet"
        return r * (r > 0), None, None


def manifest_of(directory):
    return json.loads((directory / "model.json").read_text())


def preprocessing_of(directory):
    """(mean, std) that the model declares: its input is (pixels / 255 - mean) / std."""
    declared = manifest_of(directory).get("userDefinedMetadata", {}).get("preprocessing")
    return (np.array(declared["mean"]), np.array(declared["std"])) if declared else (0.0, 1.0)


def load(directory):
    """Layers in order, each (class name, config, weights by name)."""
    manifest = manifest_of(directory)
    weights = {}
    for group in manifest["weightsManifest"]:
        data = b"".join((directory / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            assert entry["dtype"] == "float32" and "quantization" not in entry
            size = math.prod(entry["shape"])
            array = np.frombuffer(data, np.float32, size, offset).reshape(entry["shape"])
            weights[entry["name"]] = torch.tensor(array, dtype=torch.float64)
            offset += 4 * size
    topology = manifest["modelTopology"]
    config = topology.get("model_config", topology)["config"]
    layers = config if isinstance(config, list) else config["layers"]
    found, before = [], []
    for layer in layers:
        name = layer["config"]["name"]
        nodes = layer.get("inbound_nodes")
        if nodes is not None:
            if len(nodes) > 1:
                raise SystemExit(f"no definition of {name} called {len(nodes)} times")
            before = [reader[0] for reader in nodes[0]] if nodes else []
        own = {key.split("/")[-1]: value for key, value in weights.items() if key.split("/")[0] == name}
        found.append((layer["class_name"], {**layer["config"], "inputs": before}, own))
        before = [name]
    return found


def same(size, window, stride):
    total = max(0, (math.ceil(size / stride) - 1) * stride + window - size)
    return total // 2, total - total // 2


def pad(x, config, window, value=0.0):
    if config["padding"] == "valid":
        return x
    top, bottom = same(x.shape[2], window[0], config["strides"][0])
    left, right = same(x.shape[3], window[1], config["strides"][1])
    return F.pad(x, (left, right, top, bottom), value=value)


def max_pool(x, config, of=None):
    """Maxima of windows of x; with `of`, what x holds where the windows of `of` have their maxima."""

    def padded(values, filler):
        return pad(values, config, config["pool_size"], filler)

    if of is None:
        return F.max_pool2d(padded(x, -math.inf), config["pool_size"], config["strides"])
    _, where = F.max_pool2d(padded(of, -math.inf), config["pool_size"], config["strides"], return_indices=True)
    return padded(x, 0.0).flatten(2).gather(2, where.flatten(2)).reshape(where.shape)


def ceiling_of(kind, config):
    """The ceiling of a layer's ReLU, if it ends in one."""
    if kind == "ReLU":
        assert not config.get("negative_slope") and not config.get("threshold")
        return math.inf if config.get("max_value") is None else config["max_value"]
    activation = config.get("activation")
    if activation not in (None, "linear", "softmax", "relu", "relu6"):
        raise SystemExit(f"no definition of {activation}")
    return {"relu": math.inf, "relu6": 6.0}.get(activation)


def run(layers, x, rule="gradient", given=None, frozen=None):
    """Activations of every layer by name, for images x [N, C, H, W].

    given   activations to go on from, by name, instead of those that the layers before would give
    frozen  the activations of another run: every ReLU and every pooling window does what it did there
    """
    found = dict(given or {})
    for kind, config, weights in layers:
        name = config["name"]
        if name in found:
            continue
        inputs = [found[source] for source in config["inputs"]] or [x]
        y = inputs[0]
        if kind == "Conv2D":
            assert tuple(config.get("dilation_rate", (1, 1))) == (1, 1)
            w = weights["kernel"].permute(3, 2, 0, 1)
            y = F.conv2d(pad(y, config, config["kernel_size"]), w, weights.get("bias"), tuple(config["strides"]))
        elif kind == "BatchNormalization":
            scale = weights["gamma"] / (weights["moving_variance"] + config["epsilon"]).sqrt()
            shift = weights["beta"] - weights["moving_mean"] * scale
            y = y * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)
        elif kind == "Add":
            y = sum(inputs)
        elif kind == "MaxPooling2D":
            y = max_pool(y, config, frozen and frozen[config["inputs"][0]])
        elif kind == "GlobalAveragePooling2D":
            y = y.mean((2, 3))
        elif kind == "Flatten":
            y = y.permute(0, 2, 3, 1).flatten(1)
        elif kind == "Dense":
            y = y @ weights["kernel"] + weights["bias"]
        elif kind not in ("InputLayer", "Activation", "ReLU", "Dropout"):
            raise SystemExit(f"no definition of {kind}")
        ceiling = ceiling_of(kind, config)
        if ceiling is not None and frozen is None:
            y = Relu.apply(y, rule, ceiling)
        elif ceiling is not None:
            there = frozen[name]
            y = torch.where((there > 0) & (there < ceiling), y, there)
        found[name] = y
    return found


def forward(layers, x, rule="gradient"):
    """Logits, and the activation of the last layer with more than one pixel. x is [N, C, H, W]."""
    found = run(layers, x, rule)
    return found[layers[-1][1]["name"]], found[last_maps(found)]


def last_maps(found):
    """Name of the last layer with more than one pixel, given all activations."""
    return [name for name, y in found.items() if y.dim() == 4 and y.shape[2] * y.shape[3] > 1][-1]


def beside(layers, found, name):
    """Of all activations those that do not follow from the layer's: what stays when its maps are changed."""
    after = {name}
    for _, config, _ in layers:
        if after & set(config["inputs"]):
            after.add(config["name"])
    return {other: y for other, y in found.items() if other not in after}


def input_of(path):
    """An image [H, W, C] from a file, as [1, C, H, W]."""
    return torch.tensor(np.load(path), dtype=torch.float64).permute(2, 0, 1)[None]
