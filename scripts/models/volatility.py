"""Volatility: from recent log-returns to the fee an exchange should charge, in basis points.

The data is synthetic: a seeded stochastic-volatility series, no market behind it. Log-variance is
an AR(1) process, returns are normal given it. The right fee of a moment is twice the volatility
realised over the next FUTURE intervals, kept in FEE_MIN..FEE_MAX.
Source: Taylor 1982, "Financial returns modelled by the product of two stochastic processes".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .autodiff import Floats, Variable, relu, squared_error
from .graph import FLOAT, Constants, encode, node
from .training import Schedule, draw_matrix, train

PAST, FUTURE = 32, 8  # intervals
LEVEL = 1e-3  # typical size of a return
PERSISTENCE, SHOCK = 0.98, 0.2  # of log-variance, per interval
BASIS_POINT = 1e-4
FEE_PER_VOLATILITY = 2.0
FEE_MIN, FEE_MAX = 5.0, 100.0  # basis points
STRIDE = 8  # intervals from one sample to the next
TRAINING, HELD_OUT = 64_000, 4_000  # intervals
HIDDEN = 16
SEED = 0
SCHEDULE = Schedule(epochs=30, rate=1e-2, decay=1e-4)
SCALES = {"returns": 1e-6, "fee": 0.01}  # units of the exact form: millionths, hundredths of a bp


@dataclass(frozen=True, slots=True)
class Market:
    """Windows of returns and the fee each would have deserved."""

    returns: npt.NDArray[np.float32]  # (n, 32)
    fee: npt.NDArray[np.float32]  # (n,) basis points


def draw_markets() -> tuple[Market, Market]:
    """Training part and held-out part, from two seeds."""
    return _draw_market(SEED, TRAINING), _draw_market(SEED + 1, HELD_OUT)


def guess_fee(returns: Floats, memory: float = 0.9) -> Floats:
    """What a formula gives: volatility as an exponentially weighted mean of squares."""
    weights = memory ** np.arange(PAST)[::-1]
    return _price(np.sqrt((returns**2) @ (weights / weights.sum())))


def make_volatility(market: Market) -> bytes:
    """Train a regressor and give it as ONNX.

    returns float32 [1,32] -> fee float32 [1,1], basis points
    """
    rng = np.random.default_rng(SEED)
    start = {
        "hidden_weights": draw_matrix(rng, PAST, HIDDEN, inputs=PAST),
        "hidden_bias": np.zeros(HIDDEN),
        "fee_weights": draw_matrix(rng, HIDDEN, 1, inputs=HIDDEN),
        "fee_bias": np.full(1, 20.0),
    }
    sizes = np.abs(market.returns.astype(np.float64)) / LEVEL
    fees = market.fee[:, None].astype(np.float64)

    def loss(p: Mapping[str, Variable], chosen: npt.NDArray[np.int64]) -> Variable:
        hidden = relu(Variable(sizes[chosen]) @ p["hidden_weights"] + p["hidden_bias"])
        guesses = hidden @ p["fee_weights"] + p["fee_bias"]
        return squared_error(guesses, fees[chosen]).scale(1 / FEE_MAX)

    trained = train(rng, start, loss, len(sizes), SCHEDULE)
    nodes = [
        node("Abs", "returns", "sizes"),
        node("Mul", "sizes size_step", "inputs"),
        node("Gemm", "inputs hidden_weights hidden_bias", "hidden_sums"),
        node("Relu", "hidden_sums", "hidden"),
        node("Gemm", "hidden fee_weights fee_bias", "fee_sums"),
        node("Clip", "fee_sums fee_min fee_max", "fee"),
    ]
    constants: Constants = {
        "size_step": np.float32(1 / LEVEL),
        "fee_min": np.float32(FEE_MIN),
        "fee_max": np.float32(FEE_MAX),
        **trained,
    }
    return encode(
        "volatility_float",
        nodes,
        constants,
        {"returns": (FLOAT, [1, PAST])},
        {"fee": (FLOAT, [1, 1])},
    )


def _draw_market(seed: int, count: int) -> Market:
    rng = np.random.default_rng(seed)
    shocks = SHOCK * rng.normal(size=count)
    logs = np.empty(count)  # of the variance, less its level
    last = 0.0
    for index, shock in enumerate(shocks):
        last = PERSISTENCE * last + shock
        logs[index] = last
    returns = LEVEL * np.exp(logs / 2) * rng.normal(size=count)
    starts = np.arange(0, count - PAST - FUTURE, STRIDE)
    past = returns[starts[:, None] + np.arange(PAST)]
    future = returns[starts[:, None] + PAST + np.arange(FUTURE)]
    fee = _price(np.sqrt((future**2).mean(axis=1)))
    return Market(past.astype(np.float32), fee.astype(np.float32))


def _price(volatility: Floats) -> Floats:
    """The fee for a volatility per interval, in basis points."""
    return np.clip(FEE_PER_VOLATILITY * volatility / BASIS_POINT, FEE_MIN, FEE_MAX)
