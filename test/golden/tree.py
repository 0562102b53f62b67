"""Golden values of scikit-learn for stumps, trees and mixtures of Gaussians (python3-sklearn).

    /usr/bin/python3 test/golden/tree.py

writes test/golden/tree.npz.
"""

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(3)
centres = rng.normal(size=(6, 5)) * 3
which = rng.integers(0, 6, 300)
x = (centres[which] + rng.normal(size=(300, 5)) * rng.uniform(0.4, 1.2, size=(6, 5))[which]).astype(np.float32)
y = (which % 3).astype(np.int32)

stump = DecisionTreeClassifier(max_depth=1, random_state=0).fit(x, y)
# Best first, as ours; scikit-learn weighs a gain by the share of rows as well.
tree = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0).fit(x, y)
mixture = GaussianMixture(6, covariance_type="diag", random_state=0, n_init=5).fit(x)

np.savez(
    "test/golden/tree.npz",
    x=x,
    y=y,
    stump=np.array([stump.tree_.feature[0], stump.tree_.threshold[0]], np.float64),
    tree=tree.predict(x).astype(np.int32),
    likelihood=np.array([mixture.score(x)], np.float64),
)
