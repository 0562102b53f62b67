"""Golden values for saliency as a mask of the object, from its paper's definition and a maximum flow of its own.

    python3 test/golden/saliency_mask.py MODEL_DIR INPUT.npy OUT_DIR

writes saliency-mask.npy [H, W], 1 inside and 0 outside (Simonyan 2013, section 3.2): the pixels of the top class's saliency
(largest magnitude over colour) above its 95 % quantile show the foreground's colours, those below its 30 % quantile the
background's. The mask is the cheapest cut (Boykov & Jolly 2001) of

    sum over pixels of -log p(colour | side) + 10·sum over neighbours on two sides of exp(-d² / 2v) / distance

over the eight neighbours, d² the squared difference of their colours of 0…255 and v its mean; p from histograms of 16³ bins,
blurred by 1-2-1 along each axis (the border repeated), a twentieth of it spread over all bins. Its largest part, of pixels that
touch along edges, is kept. Needs PyTorch >= 1.13 and NumPy.
"""

import pathlib
import sys
from collections import deque

import numpy as np
import torch

from network import forward, input_of, load, preprocessing_of

BINS, UNSEEN, SMOOTHNESS = 16, 0.05, 10


def histogram(bins, chosen):
    found = np.zeros((BINS,) * 3)
    np.add.at(found, tuple(bins[chosen].T), 1)
    for axis in range(3):
        wide = np.pad(found, [(1, 1) if a == axis else (0, 0) for a in range(3)], "edge")
        found = sum(w * np.take(wide, np.arange(BINS) + i, axis) for i, w in enumerate((0.25, 0.5, 0.25)))
    return (1 - UNSEEN) * found / max(1, chosen.sum()) + UNSEEN / BINS**3


def bonds(rgb):
    """[(pixels, their neighbours, what parting them costs)], each pair of neighbours once."""
    height, width, _ = rgb.shape
    index = np.arange(height * width).reshape(height, width)
    pairs = []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, height - dy), slice(max(0, -dx), width - max(0, dx)))
        there = (slice(dy, height), slice(max(0, dx), width + min(0, dx)))
        squared = ((rgb[here] - rgb[there]) ** 2).sum(-1)
        pairs.append((index[here].ravel(), index[there].ravel(), squared.ravel(), np.hypot(dy, dx)))
    variance = np.concatenate([squared for _, _, squared, _ in pairs]).mean()
    return [(p, q, SMOOTHNESS * np.exp(-d / (2 * variance)) / far) for p, q, d, far in pairs]


def min_cut(lean, pairs):
    """Pixels on the source's side of the cheapest cut, by Dinic's algorithm."""
    size = lean.size
    source, sink = size, size + 1
    edges = [[] for _ in range(size + 2)]
    heads, room = [], []

    def connect(p, q, forth, back):
        edges[p].append(len(heads))
        heads.append(q)
        room.append(forth)
        edges[q].append(len(heads))
        heads.append(p)
        room.append(back)

    for p, cost in enumerate(lean.tolist()):
        if cost > 0:
            connect(source, p, cost, 0.0)
        else:
            connect(p, sink, -cost, 0.0)
    for ps, qs, costs in pairs:
        for p, q, cost in zip(ps.tolist(), qs.tolist(), costs.tolist()):
            connect(p, q, cost, cost)

    while True:
        level = [-1] * (size + 2)
        level[source] = 0
        queue = deque([source])
        while queue:
            p = queue.popleft()
            for e in edges[p]:
                if room[e] > 1e-12 and level[heads[e]] < 0:
                    level[heads[e]] = level[p] + 1
                    queue.append(heads[e])
        if level[sink] < 0:
            return np.array(level[:size]) >= 0
        at = [0] * (size + 2)
        path = []
        p = source
        while True:
            if p == sink:
                flow = min(room[e] for e in path)
                for e in path:
                    room[e] -= flow
                    room[e ^ 1] += flow
                first = next(i for i, e in enumerate(path) if room[e] <= 1e-12)
                p = heads[path[first] ^ 1]
                del path[first:]
            while at[p] < len(edges[p]):
                e = edges[p][at[p]]
                if room[e] > 1e-12 and level[heads[e]] == level[p] + 1:
                    break
                at[p] += 1
            if at[p] < len(edges[p]):
                path.append(e)
                p = heads[e]
            elif p == source:
                break
            else:
                level[p] = -1
                p = heads[path.pop() ^ 1]


def largest_part(mask):
    left, best = set(zip(*np.nonzero(mask))), []
    while left:
        part = [min(left)]
        left.remove(part[0])
        for y, x in part:
            for place in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if place in left:
                    left.remove(place)
                    part.append(place)
        best = max(best, part, key=len)
    found = np.zeros(mask.shape)
    for place in best:
        found[place] = 1
    return found


def main():
    model, source, out = map(pathlib.Path, sys.argv[1:4])
    layers = load(model)
    x = input_of(source).requires_grad_()
    logits = forward(layers, x)[0][0]
    (gradient,) = torch.autograd.grad(logits.max(), x)
    saliency = gradient[0].abs().amax(0).numpy()
    mean, std = preprocessing_of(model)
    rgb = np.rint((x[0].detach().permute(1, 2, 0).numpy() * std + mean) * 255).clip(0, 255)
    bins = (rgb * BINS // 256).astype(int)
    ranked = np.sort(saliency.ravel())
    high, low = (ranked[int(share * (saliency.size - 1))] for share in (0.95, 0.3))
    fore, back = histogram(bins, saliency > high), histogram(bins, saliency < low)
    where = tuple(np.moveaxis(bins, -1, 0))
    cut = min_cut((np.log(fore[where]) - np.log(back[where])).ravel(), bonds(rgb))
    found = largest_part(cut.reshape(saliency.shape))
    np.save(out / "saliency-mask.npy", found.astype(np.float32))
    print(f"{int(cut.sum())} of {cut.size} pixels, {int(found.sum())} in the largest part")


if __name__ == "__main__":
    main()
