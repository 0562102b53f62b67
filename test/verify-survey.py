"""Holds a survey against NumPy in 64 bits: a layer's statistics, histogram and strongest pictures, from the layer's own activations.

    mkdir -p /tmp/survey && cd /tmp/survey
    vitrine survey --data synthetic:64 --layers pool2,conv3_3 --out survey
    vitrine activations $(seq -f synthetic:%g 0 63) --layer conv3_3 --out 'conv3_3/*.npy'
    python3 verify-survey.py survey conv3_3 conv3_3
"""

import pathlib
import re
import sys

import numpy as np

survey, layer, folder = sys.argv[1:]
found = np.load(pathlib.Path(survey) / "survey.npz")
number = lambda path: int(re.findall(r"\d+", path.stem)[-1])
files = sorted(pathlib.Path(folder).glob("*.npy"), key=number)
maps = np.stack([np.load(file) for file in files]).astype(np.float64)
images, channels = maps.shape[0], maps.shape[-1]
rows = maps.reshape(-1, channels)
get = lambda name: found[f"{layer}/{name}"]


def check(name, worst, limit):
    print(f"{name:12} {worst:.2e}")
    assert worst <= limit, f"{name}: {worst} is more than {limit}"


deviation = rows.std(0)
m2 = ((rows - rows.mean(0)) ** 2).sum(0)
live = deviation > 0
check("mean", np.max(np.abs(get("mean") - rows.mean(0))[live] / deviation[live]), 1e-6)
check("variance", np.max(np.abs(get("m2") - m2)[live] / m2[live]), 1e-6)
check("minimum", np.max(np.abs(get("min") - rows.min(0))), 0)
check("maximum", np.max(np.abs(get("max") - rows.max(0))), 0)
check("zeros", np.max(np.abs(get("zeros") - (rows == 0).sum(0))), 0)

best = maps.reshape(images, -1, channels).max(1)
k = get("top_value").shape[1]
order = np.argsort(-best, axis=0, kind="stable")[:k].T
check("top pictures", np.max(np.abs(get("top_picture") - order)), 0)
places = maps.reshape(images, -1, channels).argmax(1)
width = maps.shape[2]
at = np.take_along_axis(places.T, order, axis=1)
check("top places", np.max(np.abs(get("top_y") * width + get("top_x") - at)), 0)

low, high = get("histogram_range").T
bins = get("histogram").shape[1]
worst = 0
for c in range(channels):
    # A value on the edge of two bins goes to either: NumPy and the GPU divide in other precisions.
    counts, _ = np.histogram(rows[:, c], bins, (low[c], high[c]))
    worst = max(worst, np.abs(np.cumsum(counts) - np.cumsum(get("histogram")[c])).max() / len(rows))
check("histogram", worst, 1e-4)
inside = get("histogram").sum(1) + get("histogram_below") + get("histogram_above")
check("counted", np.max(np.abs(inside - len(rows))), 0)
