"""Golden values for the attribution techniques, computed by PyTorch from their papers' definitions.

    python3 test/golden/techniques.py MODEL_DIR INPUT.npy OUT_DIR --patch 16 --stride 8

reads a tfjs LayersModel (a chain of Conv2D, MaxPooling2D, GlobalAveragePooling2D, Flatten, Dense, Activation) and a
float32 [H, W, C] input, and writes float32 arrays:

    logits.npy           [classes]     scores before the softmax
    saliency.npy         [H, W, C]     gradient of the top class's logit (Simonyan 2013)
    guided-backprop.npy  [H, W, C]     R·1[z>0]·1[R>0] at every ReLU (Springenberg 2014)
    deconvnet.npy        [H, W, C]     R·1[R>0] at every ReLU (Zeiler & Fergus 2013)
    grad-cam.npy         [h, w]        ReLU(sum_k mean(g_k)·A_k) at the last layer with pixels (Selvaraju 2017)
    occlusion.npy        [H, W]        mean of S(x) - S(occluded) over the patches covering a pixel, fill 0;
                                       patches at min(i·stride, size - patch)
    occlusion-probability.npy          the same for the softmax

Needs PyTorch >= 1.13 and NumPy (on Debian: python3-torch). The computation runs in float64.
"""

import argparse
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F


class Relu(torch.autograd.Function):
    """ReLU whose backward pass follows one of three rules."""

    @staticmethod
    def forward(ctx, z, rule):
        ctx.save_for_backward(z)
        ctx.rule = rule
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        (z,) = ctx.saved_tensors
        if ctx.rule == "gradient":
            return r * (z > 0), None
        if ctx.rule == "guided":
            return r * (z > 0) * (r > 0), None
        return r * (r > 0), None


def load(directory):
    """Layers in order, each (class name, config, weights by name)."""
    manifest = json.loads((directory / "model.json").read_text())
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
    return [
        (
            layer["class_name"],
            layer["config"],
            {name.split("/")[-1]: value for name, value in weights.items() if name.split("/")[0] == layer["config"]["name"]},
        )
        for layer in layers
    ]


def same(size, window, stride):
    total = max(0, (math.ceil(size / stride) - 1) * stride + window - size)
    return total // 2, total - total // 2


def pad(x, config, window, value=0.0):
    if config["padding"] == "valid":
        return x
    top, bottom = same(x.shape[2], window[0], config["strides"][0])
    left, right = same(x.shape[3], window[1], config["strides"][1])
    return F.pad(x, (left, right, top, bottom), value=value)


def forward(layers, x, rule="gradient"):
    """Logits, and the activation of the last layer with more than one pixel. x is [N, C, H, W]."""
    maps = None
    for kind, config, weights in layers:
        if kind == "Conv2D":
            w = weights["kernel"].permute(3, 2, 0, 1)
            x = F.conv2d(pad(x, config, config["kernel_size"]), w, weights.get("bias"), tuple(config["strides"]))
        elif kind == "MaxPooling2D":
            x = F.max_pool2d(pad(x, config, config["pool_size"], -math.inf), config["pool_size"], config["strides"])
        elif kind == "GlobalAveragePooling2D":
            x = x.mean((2, 3))
        elif kind == "Flatten":
            x = x.permute(0, 2, 3, 1).flatten(1)
        elif kind == "Dense":
            x = x @ weights["kernel"] + weights["bias"]
        elif kind not in ("InputLayer", "Activation", "Dropout"):
            raise SystemExit(f"no definition of {kind}")
        if config.get("activation") == "relu":
            x = Relu.apply(x, rule)
        elif config.get("activation") not in (None, "linear", "softmax"):
            raise SystemExit(f"no definition of {config['activation']}")
        if x.dim() == 4 and x.shape[2] * x.shape[3] > 1:
            maps = x
    return x, maps


def occlusion(layers, x, target, patch, stride, score):
    _, _, height, width = x.shape
    clean = score(forward(layers, x)[0])[0, target].item()
    total, count = np.zeros((height, width)), np.zeros((height, width))
    tops = [min(i * stride, height - patch) for i in range(math.ceil((height - patch) / stride) + 1)]
    lefts = [min(i * stride, width - patch) for i in range(math.ceil((width - patch) / stride) + 1)]
    for top in tops:
        batch = x.repeat(len(lefts), 1, 1, 1)
        for i, left in enumerate(lefts):
            batch[i, :, top : top + patch, left : left + patch] = 0
        with torch.no_grad():
            scores = score(forward(layers, batch)[0])[:, target].tolist()
        for left, occluded in zip(lefts, scores):
            total[top : top + patch, left : left + patch] += clean - occluded
            count[top : top + patch, left : left + patch] += 1
    return total / np.maximum(count, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--patch", type=int, default=16)
    parser.add_argument("--stride", type=int, default=8)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    layers = load(args.model)
    image = torch.tensor(np.load(args.input), dtype=torch.float64).permute(2, 0, 1)[None]

    def save(name, array):
        np.save(args.out / f"{name}.npy", np.ascontiguousarray(array, np.float32))

    logits, _ = forward(layers, image)
    target = int(logits[0].argmax())
    save("logits", logits[0].detach().numpy())
    for name, rule in (("saliency", "gradient"), ("guided-backprop", "guided"), ("deconvnet", "deconvnet")):
        x = image.clone().requires_grad_()
        logits, maps = forward(layers, x, rule)
        gradient, at_maps = torch.autograd.grad(logits[0, target], (x, maps))
        save(name, gradient[0].permute(1, 2, 0).numpy())
        if rule == "gradient":
            weights = at_maps.mean((2, 3), keepdim=True)
            save("grad-cam", (weights * maps).sum(1).clamp(min=0)[0].detach().numpy())
    save("occlusion", occlusion(layers, image, target, args.patch, args.stride, lambda s: s))
    save("occlusion-probability", occlusion(layers, image, target, args.patch, args.stride, lambda s: s.softmax(1)))
    print(f"class {target}, logit {logits[0, target].item():.4f}")


if __name__ == "__main__":
    main()
