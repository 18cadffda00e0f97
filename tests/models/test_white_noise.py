"""White noise: Euler-Maruyama's closed forms, its weak and strong order, and how often cells fire (Siegert)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import erfcx, zeta

from maichong import LIF, Network
from maichong.engines.nest import missing

TAU, GOAL, SIGMA = 20.0, 15.0, 5.0
"""dV = (GOAL - V) / TAU dt + SIGMA / sqrt(TAU) dW."""


def network(integrator: str, dt: float, n: int, *, v_th: float = 1e6, seed: int = 3, v: float = 0.0) -> Network:
    """Cells of R = 1, so that the noise is that of the equation above."""
    net = Network(dt=dt, seed=seed)
    cells = LIF(tau_m=TAU, c_m=TAU, v_rest=0.0, v_r=10.0, v_th=v_th, t_ref=2.0, integrator=integrator)
    net.population("cells", cells, n, drive=GOAL, init={"v": v})
    net.noise("cells", sigma=SIGMA * np.sqrt(TAU), tau=0.0)
    return net


def step_of(integrator: str, dt: float) -> tuple[float, float, float]:
    """V <- a V + b + c z: what a step does, read off the engine by giving it V and the current I."""
    run = network(integrator, dt, 3).build("reference")
    mean, kick = run.plan.noises[0].mean, run.plan.noises[0].kick
    run["cells"]["v"], run["cells"]["noise->cells.i"] = [0.0, 1.0, 0.0], mean + np.array([0.0, 0.0, 1.0]) * kick
    v = run.run(dt)["cells"]["v"]
    return v[1] - v[0], v[0], v[2] - v[0]


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("auto", 2), ("rk2", 2)])
def test_weak_order(integrator: str, order: int) -> None:
    """The stationary mean and variance of the discrete process, b / (1 - a) and c^2 / (1 - a^2), against mu and sigma^2 / 2."""
    missed = []
    for dt in (2.0, 1.0, 0.5):
        a, b, c = step_of(integrator, dt)
        mean, variance = b / (1 - a), c**2 / (1 - a**2)
        assert mean == pytest.approx(GOAL, rel=1e-12)
        closed = {
            "euler": SIGMA**2 / 2 / (1 - dt / (2 * TAU)),
            "auto": SIGMA**2 / 2 * np.tanh(dt / (2 * TAU)) / (dt / (2 * TAU)),
        }.get(integrator, variance)
        assert variance == pytest.approx(closed, rel=1e-12)
        if integrator == "euler":
            assert (a, c) == (pytest.approx(1 - dt / TAU, rel=1e-12), pytest.approx(SIGMA * np.sqrt(dt / TAU), rel=1e-12))
        missed.append(variance - SIGMA**2 / 2)
    rates = np.log2(np.divide(missed[:-1], missed[1:]))
    assert rates == pytest.approx(order, abs=0.06)


def test_the_numbers_drawn(engine: str) -> None:
    """Each step has a new normal number for each cell: the process has the variance of its closed form, and forgets as a^k."""
    dt, n = 0.5, 4000
    run = network("auto", dt, n, v=GOAL).build(engine)
    a, _, c = step_of("auto", dt)
    values = [run.run(steps * dt)["cells"]["v"] - GOAL for steps in (100, 40)]
    for v, steps in zip(values, (100, 140), strict=True):
        variance = c**2 * (1 - a ** (2 * steps)) / (1 - a**2)
        assert abs(v.mean()) < 4 * np.sqrt(variance / n)
        assert v.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / n))
        assert stats.kstest(v / np.sqrt(variance), "norm").pvalue > 1e-3
    assert np.corrcoef(*values)[0, 1] == pytest.approx(a**40, abs=4 / np.sqrt(n))
    current = [run.run(dt)["cells"]["noise->cells.i"] * np.sqrt(dt / TAU) / SIGMA for _ in range(2)]
    assert current[0].std() == pytest.approx(1.0, rel=4 / np.sqrt(2 * n))
    assert abs(np.corrcoef(*current)[0, 1]) < 4 / np.sqrt(n)


def test_strong_order() -> None:
    """Paths of one Brownian motion differ from the exact one as dt, not as its root, for the noise is additive."""
    n, fine, end = 300, 1.0 / 128, 8.0
    rng = np.random.default_rng(5)
    dw = rng.normal(0.0, np.sqrt(fine), (round(end / fine), n))
    t = (np.arange(len(dw)) + 0.5) * fine
    exact = GOAL * -np.expm1(-end / TAU) + SIGMA / np.sqrt(TAU) * np.exp(-(end - t) / TAU) @ dw
    for integrator in ("euler", "auto"):
        missed = []
        for dt in (1.0, 0.5, 0.25):
            run = network(integrator, dt, n).build("reference")
            for part in np.split(dw, round(end / dt)):
                run["cells"]["noise->cells.i"] = SIGMA * np.sqrt(TAU) * part.sum(axis=0) / dt
                run.run(dt)
            missed.append(np.sqrt(np.mean((run["cells"]["v"] - exact) ** 2)))
        assert np.log2(np.divide(missed[:-1], missed[1:])) == pytest.approx(1.0, abs=0.1)


def siegert(tau: float = TAU, sigma: float = SIGMA, above: float = 0.0) -> float:
    """The rate in Hz under white noise where the threshold 20 seems to be ``above`` higher; v_r = 10, t_ref = 2."""
    low, high = (10.0 - GOAL) / sigma, (20.0 + above - GOAL) / sigma
    return 1000.0 / (2.0 + tau * np.sqrt(np.pi) * quad(lambda u: erfcx(-u), low, high)[0])


def on_grid(integrator: str, dt: float) -> float:
    """The rate where the membrane is stepped so and looked at once a step.

    V <- a V + ... with a stationary variance is the exact process of another tau and sigma, at the points of the grid. A threshold
    that is looked at there seems -zeta(1/2) / sqrt(2 pi) = 0.5826 standard deviations of a step higher (Broadie, Glasserman & Kou).
    """
    a, _, c = step_of(integrator, dt)
    tau, sigma = -dt / np.log(a), np.sqrt(2 * c**2 / (1 - a**2))
    beta = -zeta(0.5) / np.sqrt(2 * np.pi)
    assert beta == pytest.approx(0.5826, abs=5e-5)
    return siegert(tau, sigma, beta * sigma * np.sqrt(dt / tau))


def rate(dt: float, n: int, duration: float, integrator: str) -> tuple[float, float]:
    """The rate of ``n`` cells in Hz from 100 ms on, and its standard error, from counts of cells, which are independent."""
    run = network(integrator, dt, n, v_th=20.0, v=10.0).build("events").run(100.0)
    before = run["cells"].counts.copy()
    counts = run.run(duration)["cells"].counts - before
    return counts.mean() / duration * 1e3, counts.std() / np.sqrt(n) / duration * 1e3


def test_the_bias_of_rates_goes_as_the_root_of_the_step() -> None:
    """Siegert's 9.4608 Hz is the limit; of the bias at 0.1 ms, half is left at 0.025 ms."""
    assert siegert() == pytest.approx(9.4608, abs=5e-5)
    for integrator in ("euler", "auto"):
        missed = [siegert() - on_grid(integrator, dt) for dt in (0.1, 1e-3, 1e-3 / 4)]
        assert missed[1] / missed[2] == pytest.approx(2.0, abs=0.02)
        assert missed[0] > 0.5


def test_rates() -> None:
    """At 0.1 ms cells fire as the corrected formula says, and less than in the limit."""
    found, error = rate(0.1, 4000, 500.0, "auto")
    assert abs(found - on_grid("auto", 0.1)) < 4 * error
    assert found < siegert() - 5 * error


@pytest.mark.slow
@pytest.mark.parametrize("integrator", ["euler", "auto"])
def test_rates_towards_small_steps(integrator: str) -> None:
    """To 0.2 % at each step; at 0.4 ms Euler's larger variance fires 2 % more than the exact step."""
    for dt in (0.4, 0.1, 0.025):
        found, error = rate(dt, 20_000, 1000.0, integrator)
        assert error < 0.0022 * found
        assert abs(found - on_grid(integrator, dt)) < 4 * error


def test_it_survives_files_and_is_told(tmp_path: Any) -> None:
    net = network("auto", 0.1, 3)
    net.noise("cells", sigma=np.ones(3), tau=0, mean=2.0, name="more")
    assert net.noises["more"].white
    assert Network.from_dict(json.loads(json.dumps(net.to_dict(), default=np.ndarray.tolist))) == net
    assert Network.load(net.save(tmp_path / "net.npz")) == net
    assert "noise->cells: white, held within a step" in net.build("reference").describe()
    assert "noise 'more': white noise is not handed over to NEST's noise_generator" in missing(net)
    assert network("auto", 0.1, 3).noises["noise->cells"].sigma == SIGMA * np.sqrt(TAU)


def test_a_quantity_may_carry_the_root_of_a_time() -> None:
    import pint

    net = Network()
    net.population("cells", LIF(), 3)
    units = pint.get_application_registry()
    noise = net.noise("cells", sigma=units.Quantity(3.0, "nA * s**0.5"), tau="0 s")
    assert noise.white
    assert noise.sigma == pytest.approx(3000.0 * np.sqrt(1000.0))
