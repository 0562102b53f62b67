"""Golden trajectories of adversarial attacks, computed by PyTorch from their papers' definitions.

    python3 test/golden/attacks.py MODEL_DIR INPUT.npy OUT.npz SEED

writes float32 arrays of pixels of 0...1, [H, W, C]. The picture is the input, taken back through the preprocessing and rounded
to 8 bits; its label is the network's own prediction. Of pictures of more than 64 rows every fourth row is kept. The start is a
place within 8/255 of the picture, each element uniform by the hash of (SEED, picture 0, element) and cut off at 0 and 1.

    fgsm, fgsm-l2      x + eps sign(g), and x + eps g/|g| with eps 128/255 (Goodfellow 2014)
    pgd-K              after K of 20 steps of 2/255 within 8/255, from the start (Madry 2018)
    pgd-l2, pgd-target 5 steps of 32/255 within 128/255 in L2 from the picture; 5 steps towards the runner-up from the start
    apgd, apgd-l2      the point of the greatest loss after 30 steps from the start within 8/255, and from the picture within
                       128/255 in L2 (Croce & Hein 2020, algorithm 1)
    deepfool           50 steps, 10 classes, overshoot .02; deepfool-steps is how many it took (Moosavi-Dezfooli 2016)
    cw                 2 searches of 20 steps of Adam at rate .01, first constant 1, confidence 0 (Carlini & Wagner 2017)
    lbfgs-K            after K steps of L-BFGS without line search, constant .5, towards the runner-up (Szegedy 2013). With 1, float32 and
                       float64 part after 10 steps on the shipped network: a ReLU decides
    losses             the loss at the end of pgd, cw's and lbfgs' objectives

    seed               SEED. Where a pixel's gradient is nearly 0, its sign in float32 may be another, and the paths part: the seeds
                       are such that none does: 6 for both networks

Needs PyTorch >= 1.13 and NumPy. The computation runs in float64.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

from network import forward, load, preprocessing_of
from sampling import bits

EPS, L2 = 8 / 255, 128 / 255


class Attacked:
    """A network that takes pixels of 0...1, [H, W, C]."""

    def __init__(self, directory, path):
        self.layers = load(directory)
        mean, std = preprocessing_of(directory)
        self.mean, self.std = torch.tensor(mean), torch.tensor(std)
        pixels = (np.load(path).astype(np.float64) * std + mean) * 255
        self.x0 = torch.tensor(np.float32(pixels.round().clip(0, 255) / 255).astype(np.float64))
        with torch.no_grad():
            order = self.scores(self.x0).argsort(descending=True)
        self.label, self.other = int(order[0]), int(order[1])

    def scores(self, x):
        z = ((x - self.mean) / self.std).permute(2, 0, 1)[None]
        return forward(self.layers, z)[0][0]

    def loss(self, x, target=None):
        """Cross-entropy that grows towards the goal."""
        z = self.scores(x)[None]
        if target is None:
            return F.cross_entropy(z, torch.tensor([self.label]))
        return -F.cross_entropy(z, torch.tensor([target]))

    def gradient(self, x, target=None):
        x = x.clone().requires_grad_()
        loss = self.loss(x, target)
        return torch.autograd.grad(loss, x)[0], float(loss)

    def ball(self, x, eps, l2):
        delta = x - self.x0
        delta = delta * min(1.0, eps / float(delta.norm())) if l2 else delta.clamp(-eps, eps)
        return (self.x0 + delta).clamp(0, 1)

    def step(self, x, g, length, eps, l2):
        return self.ball(x + length * (g / g.norm() if l2 else g.sign()), eps, l2)


def pgd(net, x, length, steps, eps, l2=False, target=None):
    points = [x]
    for _ in range(steps):
        g, _ = net.gradient(points[-1], target)
        points.append(net.step(points[-1], g, length, eps, l2))
    return points


def apgd(net, x, steps, eps, l2=False):
    window, least, less = (max(1, int(share * steps)) for share in (0.22, 0.06, 0.03))
    length, before = 2 * eps, x
    g, loss = net.gradient(x)
    best, last, best_then, halved = (loss, x, g), loss, loss, True
    rises, since = 0, 0
    for k in range(steps):
        a = 0.75 if k else 1.0
        z = net.step(x, g, length, eps, l2)
        after = net.ball(x + a * (z - x) + (1 - a) * (x - before), eps, l2)
        before, x = x, after
        g, loss = net.gradient(x)
        rises += loss > last
        last = loss
        if loss > best[0]:
            best = (loss, x, g)
        since += 1
        if since == window:
            halved = rises <= 0.75 * window or (not halved and best_then >= best[0])
            if halved:
                length /= 2
                x, g = best[1], best[2]
            best_then, rises, since = best[0], 0, 0
            window = max(window - less, least)
    return best[1]


def deepfool(net, steps=50, candidates=10, overshoot=0.02):
    with torch.no_grad():
        order = net.scores(net.x0).argsort(descending=True)[:candidates]
    moved, x = torch.zeros_like(net.x0), net.x0
    for taken in range(steps):
        x = x.clone().requires_grad_()
        scores = net.scores(x)
        if int(scores.argmax()) != net.label:
            return x.detach(), taken
        ways = []
        for k in order[1:]:
            f = scores[k] - scores[net.label]
            w = torch.autograd.grad(f, x, retain_graph=True)[0]
            ways.append((float(abs(f) / w.norm()), w))
        distance, w = min(ways, key=lambda way: way[0])
        moved = moved + (distance + 1e-4) * w / w.norm()
        x = (net.x0 + (1 + overshoot) * moved).detach().clamp(0, 1)
    return x, steps


def in_box(net):
    return torch.atanh((2 * net.x0 - 1) * 0.999999)


def carlini_wagner(net, steps, searches, c):
    lower, upper, nearest, final = 0.0, None, None, 0.0
    for _ in range(searches):
        w = in_box(net).requires_grad_()
        adam = torch.optim.Adam([w], lr=0.01)
        found = None
        for _ in range(steps):
            x = (torch.tanh(w) + 1) / 2
            scores = net.scores(x)
            others = torch.cat([scores[: net.label], scores[net.label + 1 :]]).max()
            distance = ((x - net.x0) ** 2).sum()
            objective = distance + c * (scores[net.label] - others).clamp(min=0)
            final = -float(objective)
            if others > scores[net.label] and (found is None or distance < found[0]):
                found = (float(distance), x.detach())
            adam.zero_grad()
            objective.backward()
            adam.step()
        if found and (nearest is None or found[0] < nearest[0]):
            nearest = found
        if found:
            upper = c
        else:
            lower = c
        c = 10 * c if upper is None else (lower + upper) / 2
    return (nearest[1] if nearest else x.detach()), final


def lbfgs(net, steps, c):
    w = in_box(net).requires_grad_()
    optimiser = torch.optim.LBFGS([w], lr=1, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)
    points, values = [], []

    def closure():
        optimiser.zero_grad()
        x = (torch.tanh(w) + 1) / 2
        objective = ((x - net.x0) ** 2).sum() - c * net.loss(x, net.other)
        objective.backward()
        points.append(x.detach())
        values.append(-float(objective))
        return objective

    for _ in range(steps + 1):
        optimiser.step(closure)
    return points, values


def main():
    directory, path, out = map(pathlib.Path, sys.argv[1:4])
    seed = int(sys.argv[4])
    net = Attacked(directory, path)
    drawn = bits(seed, 0, net.x0.numel()).astype(np.int64)
    noise = torch.tensor((2 * drawn + 1 - 2**24) / 2**24).reshape(net.x0.shape) * EPS
    start = (net.x0 + noise).clamp(0, 1).float().double()
    found = {"seed": torch.tensor([seed])}
    found["fgsm"] = net.step(net.x0, net.gradient(net.x0)[0], EPS, EPS, False)
    found["fgsm-l2"] = net.step(net.x0, net.gradient(net.x0)[0], L2, L2, True)
    path20 = pgd(net, start, 2 / 255, 20, EPS)
    for k in (1, 5, 20):
        found[f"pgd-{k}"] = path20[k]
    found["pgd-l2"] = pgd(net, net.x0, 32 / 255, 5, L2, l2=True)[-1]
    found["pgd-target"] = pgd(net, start, 2 / 255, 5, EPS, target=net.other)[-1]
    found["apgd"] = apgd(net, start, 30, EPS)
    found["apgd-l2"] = apgd(net, net.x0, 30, L2, l2=True)
    found["deepfool"], taken = deepfool(net)
    found["deepfool-steps"] = torch.tensor([taken])
    found["cw"], cw = carlini_wagner(net, 20, 2, 1.0)
    points, values = lbfgs(net, 20, 0.5)
    for k in (5, 20):
        found[f"lbfgs-{k}"] = points[k]
    losses = torch.tensor([float(net.loss(path20[20])), cw, values[20]])
    found["losses"] = losses
    every = 4 if len(net.x0) > 64 else 1
    np.savez_compressed(out, **{name: np.asarray(array[::every] if array.dim() > 1 else array, np.float32) for name, array in found.items()})
    with torch.no_grad():
        for name, array in found.items():
            if array.shape == net.x0.shape:
                scores = net.scores(array.double())
                delta = array - net.x0
                print(name, int(scores.argmax()) != net.label, float(delta.abs().max()) * 255, float(delta.norm()))
    print(net.label, net.other, taken, found["losses"])


if __name__ == "__main__":
    main()
