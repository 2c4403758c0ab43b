"""How common each class is among the accounts of a batch, corrected for the model's confusion: adjusted count.

The shares of the labels are not the shares of the classes: a model that takes some regular accounts for bots finds
bots everywhere. With M[i, j] the share of accounts of class i that get label j, the labels' shares q and the classes'
shares p belong together by q = p M; p is the point of the simplex that comes nearest (least squares).

- G. Forman, Quantifying counts and costs via classification, Data Mining and Knowledge Discovery 17 (2008): adjusted
  count; M. Bunse, On multi-class extensions of adjusted classify and count, LQ (2022): the constrained form used here.
- The interval is the 2.5th to 97.5th percentile of draws of q and of the rows of M from their posteriors, with half an
  account more in each cell (the prior of Jeffreys): a bootstrap would say that what five accounts lack is not
  there. The estimate lies within it, as Brown, Cai and DasGupta, Interval estimation for a binomial proportion (2001),
  advise.

QuaPy has the same method, but wants the classifier and its data, and brings scikit-learn, pandas and matplotlib along;
the web process has NumPy and the counts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.model import CLASSES

Shares = NDArray[np.float64]
DRAWS = 1_000
LEVEL = 95
_SEED = 20_260_131


@dataclass(frozen=True, slots=True)
class Share:
    """One class: the share of its label (`counted`), the corrected share and its interval."""

    counted: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The shares of one platform's accounts by class. `rests_on` is the number of rows behind the confusion.

    Without a usable confusion `rests_on` is 0 and the shares are those of the labels.
    """

    accounts: int
    rests_on: int
    shares: Mapping[str, Share]

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        shares = {
            name: {
                "counted": round(each.counted, 4),
                "share": round(each.share, 4),
                "low": round(each.low, 4),
                "high": round(each.high, 4),
            }
            for name, each in self.shares.items()
        }
        return {"accounts": self.accounts, "corrected": self.rests_on > 0, "rests_on": self.rests_on, "shares": shares}


def estimate(labels: Mapping[str, int], confusion: Mapping[str, Mapping[str, int]] | None) -> Estimate:
    """`labels` counts a platform's labels; `confusion` is the version's own: class -> label -> held-out rows."""
    counts = np.array([labels.get(name, 0) for name in CLASSES], np.float64)
    total = int(counts.sum())
    if not total:
        return Estimate(0, 0, {})
    random = np.random.default_rng(_SEED)
    counted = counts / total
    # Half an account is added to each label, and half a row to each cell of the confusion, so that what is empty by
    # chance varies too.
    drawn = random.dirichlet(counts + 0.5, DRAWS)
    rows = _rows_of(confusion)
    if rows is None:
        shares, draws = counted, drawn
    else:
        shares = adjusted(counted[None], _normal(rows)[None])[0]
        matrices = np.stack([random.dirichlet(row + 0.5, DRAWS) for row in rows], axis=1)
        draws = adjusted(drawn, matrices)
    low, high = np.percentile(draws, [(100 - LEVEL) / 2, (100 + LEVEL) / 2], axis=0)
    low, high = np.minimum(low, shares), np.maximum(high, shares)
    return Estimate(
        accounts=total,
        rests_on=0 if rows is None else int(rows.sum()),
        shares={
            name: Share(*(float(each[index]) for each in (counted, shares, low, high)))
            for index, name in enumerate(CLASSES)
        },
    )


def together(estimates: Mapping[str, Estimate]) -> dict[str, Share]:
    """The shares over all platforms, each with the weight of its accounts; the interval takes them as independent."""
    total = sum(each.accounts for each in estimates.values())
    shares = {}
    for name in CLASSES if total else ():
        parts = [(each.accounts / total, each.shares[name]) for each in estimates.values() if each.accounts]
        share = sum(weight * part.share for weight, part in parts)
        down = np.sqrt(sum((weight * (part.share - part.low)) ** 2 for weight, part in parts))
        up = np.sqrt(sum((weight * (part.high - part.share)) ** 2 for weight, part in parts))
        counted = sum(weight * part.counted for weight, part in parts)
        shares[name] = Share(counted, share, max(0.0, float(share - down)), min(1.0, float(share + up)))
    return shares


def adjusted(labels: Shares, matrices: Shares) -> Shares:
    """The nearest point of the simplex for each of n draws: float64[n, 4] and [n, 4, 4] -> [n, 4].

    Every set of classes that may be the ones present is solved by its normal equations with the sum held at 1; the
    best solution without a negative share is the constrained optimum.
    """
    best, least = np.full_like(labels, np.nan), np.full(len(labels), np.inf)
    for size in range(1, len(CLASSES) + 1):
        for present in combinations(range(len(CLASSES)), size):
            found = _solved(labels, matrices[:, present, :])
            whole = np.zeros_like(labels)
            whole[:, present] = found
            off = ((np.einsum("ni,nij->nj", whole, matrices) - labels) ** 2).sum(1)
            better = (found >= -1e-9).all(1) & (off < least - 1e-12)
            best[better], least[better] = np.clip(whole[better], 0, 1), off[better]
    shares: Shares = best / best.sum(1, keepdims=True)
    return shares


def _solved(labels: Shares, matrices: Shares) -> Shares:
    """Least squares with the sum at 1, by the bordered normal equations; n systems at once."""
    draws, size = matrices.shape[:2]
    system = np.zeros((draws, size + 1, size + 1))
    # A little on the diagonal keeps rows that are equal from making the system singular.
    system[:, :size, :size] = matrices @ matrices.transpose(0, 2, 1) + 1e-9 * np.eye(size)
    system[:, :size, size] = system[:, size, :size] = 1
    right = np.ones((draws, size + 1, 1))
    right[:, :size, 0] = np.einsum("nij,nj->ni", matrices, labels)
    solution: Shares = np.linalg.solve(system, right)[:, :size, 0]
    return solution


def _rows_of(confusion: Mapping[str, Mapping[str, int]] | None) -> Shares | None:
    """The counts as float64[4, 4]; None unless every class was held out."""
    try:
        rows = np.array([[float((confusion or {})[name][label]) for label in CLASSES] for name in CLASSES])
    except (KeyError, TypeError, ValueError):
        return None
    return rows if (rows >= 0).all() and (rows.sum(1) > 0).all() else None


def _normal(rows: Shares) -> Shares:
    shares: Shares = rows / rows.sum(1, keepdims=True)
    return shares
