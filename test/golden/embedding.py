"""What scikit-learn and numpy make of clouds of points.

    /usr/bin/python3 test/golden/embedding.py

Writes test/golden/embedding.npz:

points        [1000, 24] float32: ten Gaussian clouds of different widths on a bent sheet
mean, components, variances, ratios  principal components (sklearn.decomposition.PCA, full SVD), signs as pca() has them
affinities    joint probabilities of the first 200 points, 31 neighbours of each, perplexity 10 (sklearn's own routine, float64), dense
divergence    Kullback-Leibler divergence of sklearn.manifold.TSNE of all points, perplexity 30, started from PCA
trustworthiness, continuity, recall  of that map, 12 neighbours: sklearn.manifold.trustworthiness, the same with the spaces in turn, and the
              part of the 12 nearest that a point keeps (sklearn.neighbors)
map           [1000, 2] that map
"""

from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn
from sklearn.neighbors import NearestNeighbors

random = np.random.default_rng(7)
groups = np.arange(1000) % 10
centres = random.normal(size=(10, 24)) * 2
points = centres[groups] + random.normal(size=(1000, 24)) * (.3 + .1 * groups)[:, None]
points[:, 0] += .3 * points[:, 1] ** 2
points = points.astype(np.float32)
exact = points.astype(np.float64)

pca = PCA(n_components=5, svd_solver='full').fit(exact)
signs = np.sign(pca.components_[np.arange(5), np.abs(pca.components_).argmax(1)])

few = exact[:200]
knn = NearestNeighbors(n_neighbors=31).fit(few)
distances = knn.kneighbors_graph(mode='distance')
distances.data **= 2
affinities = csr_matrix(_joint_probabilities_nn(distances, 10, 0)).toarray()

tsne = TSNE(n_components=2, perplexity=30, init='pca', learning_rate='auto', random_state=0)
drawn = tsne.fit_transform(points).astype(np.float32)


def nearest(x, k=12):
    return NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False)


recall = np.mean([len(set(a) & set(b)) / 12 for a, b in zip(nearest(exact), nearest(drawn))])
np.savez_compressed(
    Path(__file__).parent / 'embedding.npz',
    points=points,
    mean=pca.mean_, components=pca.components_ * signs[:, None],
    variances=pca.explained_variance_, ratios=pca.explained_variance_ratio_,
    affinities=affinities.astype(np.float32),
    divergence=np.array([tsne.kl_divergence_]),
    map=drawn,
    trustworthiness=np.array([trustworthiness(exact, drawn, n_neighbors=12)]),
    continuity=np.array([trustworthiness(drawn, exact, n_neighbors=12)]),
    recall=np.array([recall]),
)
print('divergence', tsne.kl_divergence_, 'trustworthiness', trustworthiness(exact, drawn, n_neighbors=12), 'recall', recall)
