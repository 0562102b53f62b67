"""Golden values for the attribution techniques, computed by PyTorch from their papers' definitions.

    python3 test/golden/techniques.py MODEL_DIR INPUT.npy OUT_DIR --patch 16 --stride 8

reads a tfjs LayersModel (network.py says of which layers) and a float32 [H, W, C] input, and writes float32 arrays:

    logits.npy           [classes]     scores before the softmax
    saliency.npy         [H, W, C]     gradient of the top class's logit (Simonyan 2013)
    guided-backprop.npy  [H, W, C]     R·1[z>0]·1[R>0] at every ReLU (Springenberg 2014)
    deconvnet.npy        [H, W, C]     R·1[R>0] at every ReLU (Zeiler & Fergus 2013)
    grad-cam.npy         [h, w]        ReLU(sum_k mean(g_k)·A_k) at the last layer with pixels (Selvaraju 2017)
    occlusion.npy        [H, W]        mean of S(x) - S(occluded) over the patches covering a pixel, fill 0;
                                       patches at min(i·stride, size - patch)
    occlusion-probability.npy          the same for the softmax,
    occlusion-channel.npy              for the sum of the last layer with pixels, over the channel strongest at its middle,
    occlusion-neuron.npy               and for that channel at the middle, [h // 2, w // 2]
    account.npy          [3]           S, the sum of x · dS/dx, and what the network gives for 0 when its ReLUs and windows
                                       do what they did for x: S is the sum of both where it is linear piece by piece

Needs PyTorch >= 1.13 and NumPy (on Debian: python3-torch). The computation runs in float64.
"""

import argparse
import math
import pathlib

import numpy as np
import torch

from network import forward, input_of, last_maps, load, run


def occlusion(x, patch, stride, score):
    _, _, height, width = x.shape
    clean = score(x)[0].item()
    total, count = np.zeros((height, width)), np.zeros((height, width))
    tops = [min(i * stride, height - patch) for i in range(math.ceil((height - patch) / stride) + 1)]
    lefts = [min(i * stride, width - patch) for i in range(math.ceil((width - patch) / stride) + 1)]
    for top in tops:
        batch = x.repeat(len(lefts), 1, 1, 1)
        for i, left in enumerate(lefts):
            batch[i, :, top : top + patch, left : left + patch] = 0
        with torch.no_grad():
            scores = score(batch).tolist()
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
    image = input_of(args.input)

    def save(name, array):
        np.save(args.out / f"{name}.npy", np.ascontiguousarray(array, np.float32))

    clean = run(layers, image)
    logits, maps = forward(layers, image)
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
            share = image * gradient
            at_zero = run(layers, torch.zeros_like(image), frozen=clean)[layers[-1][1]["name"]][0, target].item()
            save("account", [logits[0, target].item(), share.sum().item(), at_zero])

    middle = clean[last_maps(clean)][0]
    y, x = middle.shape[1] // 2, middle.shape[2] // 2
    channel = int(middle[:, y, x].argmax())
    for name, score in (
        ("occlusion", lambda images: forward(layers, images)[0][:, target]),
        ("occlusion-probability", lambda images: forward(layers, images)[0].softmax(1)[:, target]),
        ("occlusion-channel", lambda images: forward(layers, images)[1][:, channel].sum((1, 2))),
        ("occlusion-neuron", lambda images: forward(layers, images)[1][:, channel, y, x]),
    ):
        save(name, occlusion(image, args.patch, args.stride, score))
    print(f"class {target}, logit {clean[layers[-1][1]['name']][0, target].item():.4f}, channel {channel}")


if __name__ == "__main__":
    main()
