"""What scikit-learn's ridge regression makes of random rows.

    /usr/bin/python3 test/golden/ridge.py

Writes test/golden/ridge.npz:

x, y                    [90, 12] and [90, 5] float32: rows with other means, two columns of x nearly alike, one constant
weights_A, bias_A       sklearn.linear_model.Ridge(alpha=A, solver='cholesky') in float64, for A of 0.01, 1 and 100; weights [12, 5]
few_weights, few_bias   the same with alpha 0.5 of the first 8 rows: fewer rows than columns
"""

from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

random = np.random.default_rng(11)
x = random.normal(size=(90, 12)) * np.linspace(.1, 3, 12) + random.normal(size=12) * 4
x[:, 3] = x[:, 7] * .5 + random.normal(size=90) * 1e-3
x[:, 5] = 2
y = x @ random.normal(size=(12, 5)) + random.normal(size=(90, 5)) + 7
x, y = x.astype(np.float32), y.astype(np.float32)


def fit(rows, alpha):
    model = Ridge(alpha=alpha, solver='cholesky').fit(x[:rows].astype(np.float64), y[:rows].astype(np.float64))
    return model.coef_.T, model.intercept_


arrays = {}
for alpha in (.01, 1, 100):
    arrays[f'weights_{alpha}'], arrays[f'bias_{alpha}'] = fit(90, alpha)
arrays['few_weights'], arrays['few_bias'] = fit(8, .5)
np.savez_compressed(Path(__file__).parent / 'ridge.npz', x=x, y=y, **arrays)
