"""Golden values for the measures of trust in a map, computed by PyTorch from their papers' definitions.

    python3 test/golden/trust.py MODEL_DIR INPUT.npy OUT_DIR

judges the saliency and the gradient × input of the top class's logit S, as saliency.npy and gradient-input.npy in OUT_DIR have
them (techniques.py and sampling.py write these), and writes float32 arrays:

    trust-curves.npy        [2, 21]  the class's probability as the pixels of the saliency, strongest first, come over the
                                     blurred image, or go behind 0, in 20 steps (Petsiuk 2018)
    trust-areas.npy         [2, 4]   the area under each, and under those of the map moved to 3 random places
    trust-mu-fidelity.npy   [2]      of the saliency and of gradient × input: Pearson's correlation of what the pixels of 16 of
                                     9×9 cells sum to with how far the probability falls when they are 0, 40 subsets
                                     (Bhatt 2020, definition 3)
    trust-infidelity.npy    [2, 3]   mean of (I·φ - (S(x) - S(x - I)))², the share that the best scale leaves, that scale: of
                                     the saliency for 10 draws of uniform noise of 0.02 · (max - min); of gradient × input for
                                     each of the cells (Yeh 2019, definition 2.1)
    trust-sensitivity.npy   [1]      largest change of the saliency, in its own norm, over 6 such draws (definition 3.1)
    trust-likeness.npy      [3, 2]   Spearman's rank correlations of the saliency's magnitudes (the largest over colour), and of
                                     its values, with those of the network with shuffled weights, of a random class and of the
                                     runner-up (Adebayo 2018)

Rankings, subsets, noise and shuffles are functions of seed 5, by the hash in sampling.py. Needs PyTorch >= 1.13 and NumPy. The
computation runs in float64.
"""

import math
import pathlib
import sys

import numpy as np
import torch

from network import forward, load
from sampling import blur, gradient, hash32

SEED, STEPS, CHANCES, GRID, SUBSET, SUBSETS, RADIUS, DRAWS, NEAR = 5, 20, 3, 9, 16, 40, 0.02, 10, 6


def draw(seed, sample, counters):
    return hash32(hash32(counters) ^ hash32(np.uint64(sample) ^ hash32(seed)))


def uniform(sample, shape):
    bits = draw(SEED, sample, np.arange(math.prod(shape))) >> np.uint64(8)
    return torch.tensor((2 * bits.astype(np.int64) + 1 - 2**24) / 2**24).reshape(shape)


def ranks(importance):
    """Place of each pixel in the order of falling importance, equal ones in reading order."""
    order = np.argsort(-importance.ravel().astype(np.float64), kind="stable")
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    return place.reshape(importance.shape)


def shift(index, shape):
    return [
        (size // 4 + int(draw(SEED, index, axis)) % math.ceil(size / 2)) % size for axis, size in enumerate(shape)
    ]


def curve(score, x, base, place, insertion):
    images = []
    for step in range(STEPS + 1):
        changed = math.floor(step * place.size / STEPS + 0.5)
        shows = torch.tensor(place < changed if insertion else place >= changed)[..., None]
        images.append(torch.where(shows, x, base))
    return score(torch.stack(images)).numpy()


def area(values):
    return (values[1:] + values[:-1]).mean() / 2


def without(x, cells):
    height, width, _ = x.shape
    cell = (np.arange(height) * GRID // height)[:, None] * GRID + np.arange(width) * GRID // width
    return np.isin(cell, cells)


def by_cells(score, x, importance, subsets):
    hidden = np.stack([without(x, cells) for cells in subsets])
    sums = (importance * hidden).sum((1, 2))
    scores = score(x * torch.tensor(~hidden)[..., None]).numpy()
    return sums, score(x[None]).numpy()[0] - scores


def misses(sums, falls):
    scale = (sums * falls).sum() / (sums**2).sum()
    return [((sums - falls) ** 2).mean(), ((scale * sums - falls) ** 2).sum() / (falls**2).sum(), scale]


def shared_ranks(values):
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count + 1) / 2)[inverse]


def spearman(a, b):
    return np.corrcoef(shared_ranks(np.ravel(a)), shared_ranks(np.ravel(b)))[0, 1]


def likeness(a, b):
    magnitude = [np.abs(m).max(-1) for m in (a, b)]
    return [spearman(*magnitude), spearman(a, b)]


def shuffled(array, seed, signs):
    """Fisher and Yates' shuffle; with signs, an element's is the lowest bit of its draw."""
    flat = array.numpy().ravel().copy()
    draws = hash32(hash32(np.arange(flat.size)) ^ hash32(seed)).astype(np.int64)
    for i in range(flat.size - 1, -1, -1):
        j = (draws[i] >> 1) % (i + 1)
        flat[i], flat[j] = flat[j], flat[i]
        if signs and draws[i] & 1:
            flat[i] = -flat[i]
    return torch.tensor(flat.reshape(array.shape))


def randomised(layers):
    """Every layer's arrays shuffled, kernels with random signs; batch norm's are its scale and offset a channel."""
    found, number = [], 0
    for kind, config, weights in layers:
        if weights:
            key = hash32(np.uint64(number) ^ hash32(SEED))
            arrays = {0: weights.get("kernel"), 1: weights.get("bias")}
            if kind == "BatchNormalization":
                scale = weights["gamma"] / (weights["moving_variance"] + config["epsilon"]).sqrt()
                arrays = {2: scale, 3: weights["beta"] - weights["moving_mean"] * scale}
            made = {
                place: shuffled(value, hash32(np.uint64(place) ^ hash32(key)), place == 0)
                for place, value in arrays.items()
                if value is not None
            }
            if kind == "BatchNormalization":
                zero = torch.zeros_like(made[2])
                weights = {"gamma": made[2], "beta": made[3], "moving_mean": zero, "moving_variance": zero + 1}
                config = {**config, "epsilon": 0}
            else:
                weights = {"kernel": made[0], **({"bias": made[1]} if 1 in made else {})}
            number += 1
        found.append((kind, config, weights))
    return found


def main():
    model, source, out = map(pathlib.Path, sys.argv[1:4])
    layers = load(model)
    x = torch.tensor(np.load(source), dtype=torch.float64)
    saliency, shares = np.load(out / "saliency.npy"), np.load(out / "gradient-input.npy")
    importance, share = np.abs(saliency).max(-1), shares.astype(np.float64).sum(-1).astype(np.float32)

    def logits(images):
        with torch.no_grad():
            return torch.cat([forward(layers, some.permute(0, 3, 1, 2))[0] for some in images.split(16)])

    order = logits(x[None])[0].argsort(descending=True).tolist()
    target, runner_up, *rest = order

    def logit(images):
        return logits(images)[:, target]

    def probability(images):
        return logits(images).softmax(1)[:, target]

    def save(name, array):
        np.save(out / f"trust-{name}.npy", np.ascontiguousarray(array, np.float32))

    place = ranks(importance)
    bases = [blur(x, min(x.shape[:2]) / 10), torch.zeros_like(x)]
    curves = [[curve(probability, x, base, place, k == 0)] for k, base in enumerate(bases)]
    for index in range(1, CHANCES + 1):
        moved = np.roll(place, [-by for by in shift(index, place.shape)], (0, 1))
        for k, base in enumerate(bases):
            curves[k].append(curve(probability, x, base, moved, k == 0))
    save("curves", [found[0] for found in curves])
    save("areas", [[area(values) for values in found] for found in curves])

    subsets = [np.argsort(draw(SEED, i, np.arange(GRID**2)), kind="stable")[:SUBSET] for i in range(SUBSETS)]
    save("mu-fidelity", [np.corrcoef(*by_cells(probability, x, m, subsets))[0, 1] for m in (importance, share)])

    noise = [RADIUS * (x.max() - x.min()) * uniform(i, x.shape) for i in range(1, DRAWS + 1)]
    sums = np.array([(one * torch.tensor(saliency)).sum().item() for one in noise])
    falls = (logit(x[None]) - logit(torch.stack([x - one for one in noise]))).numpy()
    cells = by_cells(logit, x, share, [[cell] for cell in range(GRID**2)])
    save("infidelity", [misses(sums, falls), misses(*cells)])

    near = [gradient(layers, x + one, target) - torch.tensor(saliency) for one in noise[:NEAR]]
    save("sensitivity", [max(one.norm().item() for one in near) / np.linalg.norm(saliency.astype(np.float64))])

    rest.sort()
    random_class = rest[int(hash32(hash32(SEED))) % len(rest)]
    save(
        "likeness",
        [
            likeness(saliency, gradient(net, x, of).numpy())
            for net, of in ((randomised(layers), target), (layers, random_class), (layers, runner_up))
        ],
    )
    print(f"class {target}, runner-up {runner_up}, random class {random_class}")


if __name__ == "__main__":
    main()
