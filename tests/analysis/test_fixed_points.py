"""Fixed points, their kinds, and bifurcations against closed forms and the numbers of equations.md 1.5 to 1.15."""

from __future__ import annotations

import numpy as np
import pytest
import third_party as third

from maichong import IF, LIF, SNU, Izhikevich, MetaNeuron, TraubMiles, Uniform
from maichong.analysis import attractors, fixed_points, kind_of, kind_of_map, nullclines, steady_states
from maichong.errors import MaichongError
from maichong.spec import Configured, Input, Param, State, neuron


def bifurcations(neuron: Configured, low: float, high: float, **options: object) -> list[tuple[str, float]]:
    found = steady_states(neuron, low, high, **options).bifurcations  # type: ignore[arg-type]
    return [(point.kind, point.current) for point in found]


def near(*pairs: tuple[str, float], abs: float) -> list[tuple[str, object]]:
    return [(kind, pytest.approx(current, abs=abs)) for kind, current in pairs]


@pytest.mark.parametrize(
    ("a", "b", "hopf", "fold"),
    [(0.02, 0.2, 3.7975, 4.0), (0.02, 0.25, 0.685, 1.015625), (0.1, 0.26, 0.2625, 0.4225), (0.2, 0.26, 0.4, 0.4225)],
)
def test_izhikevich(a: float, b: float, hopf: float, fold: float) -> None:
    """1.8: saddle-node at (5 - b)^2 / .16 - 140, Hopf at v = (a - 5) / .08 with omega^2 = ab - a^2."""
    found = steady_states(Izhikevich(a=a, b=b), -5.0, 6.0)
    assert [(p.kind, p.current) for p in found.bifurcations] == near(("Hopf", hopf), ("saddle-node", fold), abs=1e-9)
    point = found.bifurcations[0]
    assert point.states["v"] == pytest.approx((a - 5) / 0.08, abs=1e-9)
    assert point.omega == pytest.approx(np.sqrt(a * b - a * a), abs=1e-9)
    below, above = (fixed_points(Izhikevich(a=a, b=b), hopf + off)[0] for off in (-0.01, 0.01))
    assert (below.kind, below.stable, above.kind, above.stable) == ("stable focus", True, "unstable focus", False)


def test_fixed_points_of_izhikevich_are_the_roots_of_its_parabola() -> None:
    points = fixed_points(Izhikevich(a=0.02, b=0.2), 1.0)
    assert [p.states["v"] for p in points] == pytest.approx(np.sort(np.roots([0.04, 4.8, 141.0])), abs=1e-10)
    assert [p.states["u"] for p in points] == pytest.approx([0.2 * p.states["v"] for p in points])
    assert [p.kind for p in points] == ["stable node", "saddle"]
    for p in points:
        v = p.states["v"]
        expected = np.linalg.eigvals([[0.08 * v + 5, -1], [0.004, -0.02]])
        assert sorted(np.real(p.eigenvalues)) == pytest.approx(sorted(expected.real), abs=1e-12)
    (touching,) = fixed_points(Izhikevich(a=0.02, b=0.2), 4.0)
    assert touching.kind == "degenerate" and not touching.stable
    assert fixed_points(Izhikevich(a=0.02, b=0.2), 4.1) == ()


def test_accommodation_whose_recovery_has_no_equation_of_its_own() -> None:
    """u' = a b (v - v_u): the fixed point is v = v_u, and u what holds it; the search is Newton's."""
    (point,) = fixed_points(Izhikevich(a=0.02, b=1.0, v_u=-65.0, u_leak=0.0), 0.0)
    assert point.states == pytest.approx({"v": -65.0, "u": 0.04 * 65**2 - 5 * 65 + 140}, abs=1e-8)


def test_meta_neuron() -> None:
    """1.12: saddle-node .36, Hopf .3519 at v = .51 with omega = .06; the map at dt = 1 loses stability at .35156601."""
    found = steady_states(MetaNeuron, 0.0, 1.0)
    assert [(p.kind, p.current) for p in found.bifurcations] == near(("Hopf", 0.3519), ("saddle-node", 0.36), abs=1e-9)
    assert found.bifurcations[0].states["v"] == pytest.approx(0.51, abs=1e-9)
    assert found.bifurcations[0].omega == pytest.approx(0.06, abs=1e-9)
    mapped = steady_states(MetaNeuron, 0.0, 1.0, step=1.0)
    assert [(p.kind, p.current) for p in mapped.bifurcations] == near(
        ("Neimark-Sacker", 0.35156601), ("saddle-node", 0.36), abs=5e-9
    )
    assert mapped.bifurcations[0].states["v"] == pytest.approx((1 - 0.004) / (2 * 0.98), abs=1e-8)
    flow, euler = (attractors(MetaNeuron, 0.3517, step=step) for step in (None, 1.0))
    assert (flow.n_stable, euler.n_stable) == (1, 0)
    low, high = fixed_points(MetaNeuron, 0.2)
    assert (low.states["v"], high.states["v"]) == (pytest.approx(0.2), pytest.approx(1.0))
    assert sorted(np.real(low.eigenvalues)) == pytest.approx([-0.593, -0.027], abs=5e-4)


@pytest.mark.parametrize(
    ("a", "b", "fold", "kinds"),
    [
        (0.060, 0.219, 0.371490, ("stable node", "saddle")),
        (-0.009, 0.246, 0.388129, ("saddle", "unstable node")),
        (0.005, 0.158, 0.335241, ("stable node", "saddle")),
        (0.007, 0.205, 0.363006, ("stable node", "saddle")),
    ],
)
def test_types_of_meta_neurons(a: float, b: float, fold: float, kinds: tuple[str, ...]) -> None:
    """1.12: the saddle-node of each type at (1 + b)^2 / 4; those of a < 0 have no stable point at all."""
    below = attractors(MetaNeuron(a=a, b=b), 0.1, between=(0.0, 1.0))
    assert (below.n_fixed, below.kinds, below.n_stable) == (2, kinds, int(a > 0))
    assert below.bifurcations[-1].kind == "saddle-node"
    assert below.bifurcations[-1].current == pytest.approx(fold, abs=5e-7)
    assert attractors(MetaNeuron(a=a, b=b), (1 + b) ** 2 / 4).n_fixed == 1
    assert attractors(MetaNeuron(a=a, b=b), fold + 0.01).n_fixed == 0


@pytest.mark.parametrize("method", ["auto", "arclength"])
def test_fitzhugh_nagumo(method: str) -> None:
    """1.15: Hopf at .3312813 and 1.4187187, v = -+.96747093, by both ways of following the branch."""
    found = steady_states(third.FHN, 0.0, 2.0, method=method).bifurcations
    assert [(p.kind, p.current) for p in found] == near(("Hopf", 0.3312813), ("Hopf", 1.4187187), abs=5e-8)
    assert [p.states["v"] for p in found] == pytest.approx([-0.96747093, 0.96747093], abs=5e-9)


@pytest.mark.parametrize("method", ["auto", "arclength"])
def test_morris_lecar(method: str) -> None:
    """1.15: type II has its Hopf points at 93.8576 and 212.0188, type I its saddle-node at 39.963 (V = -29.39)."""
    found = steady_states(third.ML, 0.0, 300.0, method=method).bifurcations
    assert [(p.kind, p.current) for p in found] == near(("Hopf", 93.8576), ("Hopf", 212.0188), abs=5e-5)
    assert [p.states["v"] for p in found] == pytest.approx([-25.2701, 7.8007], abs=5e-5)
    first = third.ML(g_ca=4.0, phi=0.0667, v3=12.0, v4=17.4)
    folds = [p for p in steady_states(first, -50.0, 150.0, method=method).bifurcations if p.kind == "saddle-node"]
    assert folds[-1].current == pytest.approx(39.963, abs=5e-4)
    assert folds[-1].states["v"] == pytest.approx(-29.39, abs=5e-3)
    assert len(fixed_points(first, 30.0)) == 3


@pytest.mark.parametrize("method", ["auto", "arclength"])
def test_adex(method: str) -> None:
    """1.7: Hopf at 627.1824646 pA (V = -50.2739635, omega .00711534) just before the saddle-node at 627.3110937 pA."""
    found = steady_states(third.ADEX, 0.0, 1000.0, method=method).bifurcations
    assert [(p.kind, p.current) for p in found] == near(("Hopf", 627.1824646), ("saddle-node", 627.3110937), abs=5e-7)
    assert found[0].states["v"] == pytest.approx(-50.2739635, abs=5e-7)
    assert found[0].omega == pytest.approx(0.00711534, abs=5e-9)


def test_nothing_is_found_where_there_is_nothing() -> None:
    """Above the saddle-node the slope of AdEx has a minimum that stays above 0, between exponentials that overflow."""
    assert fixed_points(third.ADEX, 627.3110937 + 1e-6) == ()
    assert fixed_points(third.ADEX, 940.5) == ()
    assert len(fixed_points(third.ADEX, 627.3110937 - 1e-6)) == 2


def test_quadratic_neuron() -> None:
    """1.5: one state, whose two fixed points meet at RI = a0 ((V_c - V_r) / 2)^2 = 2.25."""
    assert bifurcations(third.QIF, -5.0, 5.0) == near(("saddle-node", 2.25), abs=1e-9)
    assert [p.kind for p in fixed_points(third.QIF, 0.0)] == ["stable node", "unstable node"]


def test_hodgkin_huxley() -> None:
    """1.9: the rest, and Hopf points at 9.7754 (V = -59.654, omega = .5862) and 154.522 (V = -43.058)."""
    (rest,) = fixed_points(third.HH, 0.0)
    v = rest.states["v"]
    assert v == pytest.approx(-64.996379, abs=5e-7)
    opens, shuts = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    assert rest.states["n"] == pytest.approx(opens / (opens + shuts), abs=1e-12)
    assert rest.stable
    for method in ("auto", "arclength"):
        found = steady_states(third.HH, 0.0, 200.0, method=method).bifurcations
        assert [p.kind for p in found] == ["Hopf", "Hopf"]
        assert found[0].current == pytest.approx(9.7754, abs=5e-5)
        assert found[1].current == pytest.approx(154.522, abs=5e-4)
        assert [p.states["v"] for p in found] == pytest.approx([-59.654, -43.058], abs=5e-4)
        assert found[0].omega == pytest.approx(0.5862, abs=5e-5)
    moved = third.HH(e_l=-54.4)
    assert [current for _, current in bifurcations(moved, 0.0, 200.0)] == pytest.approx([9.7793, 154.526], abs=5e-4)
    assert fixed_points(third.HH, 50.0)[0].kind == "saddle focus"


def test_traub_miles_has_no_rest_without_current() -> None:
    """Its file says that it fires by itself: of the three points only the one beyond the spike's threshold is left."""
    below = fixed_points(TraubMiles, -100.0)
    assert below[0].stable and len(below) == 3
    assert not any(p.stable for p in fixed_points(TraubMiles, 0.0))


def test_linear_and_piecewise_flows() -> None:
    """V = v_rest + tau_m i / c_m, and for the SNU s = tau i / (c_m (1 - d)), far outside its own voltages."""
    (point,) = fixed_points(LIF(tau_m=20.0), 500.0)
    assert point.states["v"] == pytest.approx(-70 + 20 * 500 / 250)
    assert (point.eigenvalues[0], point.kind) == (pytest.approx(-1 / 20), "stable node")
    (unit,) = fixed_points(SNU(d=0.8), 5.0)
    assert unit.states["s"] == pytest.approx(25.0)


def test_dendritic_spike() -> None:
    """1.14, w_d = 0: bistable up to I_d = 344.6 pA, with folds at V = -27.18 and -48.82; at I_d = 0 it rests at -69.7526.

    The folds are where f (1 - f) = 6 C_d / (tau_d g_d). Of the lower one equations.md prints 9.66 pA; the closed form says 9.649.
    """
    found = steady_states(third.DENDRITE, -200.0, 500.0).bifurcations
    f = (1 + np.array([1, -1]) * np.sqrt(1 - 4 * 6 * 170 / (7 * 1200))) / 2
    v = -38 + 6 * np.log(f / (1 - f))
    assert [p.kind for p in found] == ["saddle-node", "saddle-node"]
    assert [p.states["v"] for p in found] == pytest.approx(v, abs=1e-6)
    assert v == pytest.approx([-27.18, -48.82], abs=5e-3)
    assert [p.current for p in found] == pytest.approx(170 * (v + 70) / 7 - 1200 * f, abs=1e-8)
    assert found[1].current == pytest.approx(344.6, abs=0.05)
    (rest,) = fixed_points(third.DENDRITE, 0.0)
    assert rest.states["v"] == pytest.approx(-69.7526, abs=5e-5)
    both = attractors(third.DENDRITE, 100.0)
    assert (both.n_fixed, both.n_stable) == (3, 2)


def test_conductances_as_inputs() -> None:
    """1.3: with g_e = 5 and g_L = 10 nS the membrane rests at -46.6666667."""

    def flow(v, i, g_e, c_m, g_l, e_l):
        return (g_l * (e_l - v) + g_e * (0.0 - v) + i) / c_m

    def fires(v, v_th):
        return v - v_th

    cell = neuron(
        "ThirdConductance",
        params=[Param("c_m", 100.0, "pF", "c"), Param("g_l", 10.0, "nS", "leak"), Param("e_l", -70.0, "mV", "rest"),
                Param("v_th", 0.0, "mV", "spike")],
        states=[State("v", "e_l", "mV", "membrane", membrane=True)],
        inputs=[Input("i", "pA", "current"), Input("g_e", "nS", "conductance")], flow=flow, fires=fires,
    )  # fmt: skip
    assert fixed_points(cell, 0.0, inputs={"g_e": 5.0})[0].states["v"] == pytest.approx(-46.6666667, abs=5e-8)
    assert fixed_points(cell, 5.0, input="g_e")[0].states["v"] == pytest.approx(-46.6666667, abs=5e-8)


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ([-1, -2], "stable node"), ([1, 2], "unstable node"), ([-1, 2], "saddle"), ([-1 + 2j, -1 - 2j], "stable focus"),
        ([1 + 2j, 1 - 2j], "unstable focus"), ([2j, -2j], "centre"), ([0, -1], "degenerate"),
        ([1 + 2j, 1 - 2j, -1], "saddle focus"),
    ],
)  # fmt: skip
def test_names_of_fixed_points(eigenvalues: list[complex], kind: str) -> None:
    assert kind_of(np.array(eigenvalues)) == kind
    if kind not in ("centre", "degenerate"):
        # a small Euler step, and the flow itself over any time, keep what attracts
        assert kind_of_map(np.exp(0.1 * np.array(eigenvalues))) == kind


def test_eigenvalues_are_those_of_finite_differences() -> None:
    point = fixed_points(third.HH, 12.0)[0]
    y, h = np.array(list(point.states.values())), 1e-6
    values = {name: float(value) for name, value in third.HH().values.items()}

    def flow(y: np.ndarray) -> np.ndarray:
        given = dict(zip(point.states, y, strict=True)) | {"i": 12.0}
        names = third.hh_flow.__code__.co_varnames[: third.hh_flow.__code__.co_argcount]
        return np.array(third.hh_flow(**{name: given.get(name, values.get(name)) for name in names}))

    matrix = np.stack([(flow(y + h * e) - flow(y - h * e)) / (2 * h) for e in np.eye(4)], axis=1)
    expected = np.sort_complex(np.linalg.eigvals(matrix))
    assert np.sort_complex(point.eigenvalues) == pytest.approx(expected, abs=1e-6)


def test_nullclines() -> None:
    """Of Izhikevich's neuron a parabola and a line; of one whose u stands still at v_u alone, traced, an upright."""
    v_line, u_line = nullclines(Izhikevich(b=0.2), 3.0, (-80.0, -40.0))
    assert v_line.w == pytest.approx(0.04 * v_line.v**2 + 5 * v_line.v + 143, abs=1e-9)
    assert u_line.w == pytest.approx(0.2 * u_line.v, abs=1e-12)
    _, upright = nullclines(Izhikevich(v_u=-65.0, u_leak=0.0), 0.0, (-80.0, -40.0), (-20.0, 20.0))
    there = np.isfinite(upright.v)
    assert there.any() and upright.v[there] == pytest.approx(-65.0, abs=1e-9)
    v_line, w_line = nullclines(third.ML, 90.0, (-60.0, 40.0))
    crossings = np.flatnonzero(np.diff(np.sign(v_line.w - w_line.w)))
    (point,) = fixed_points(third.ML, 90.0)
    assert v_line.v[crossings[0]] == pytest.approx(point.states["v"], abs=0.1)


def test_the_scalar_curve_is_the_steady_state() -> None:
    """AdEx: I(V) of 1.7's closed form, on every point of the branch; stable up to the Hopf point and never after."""
    (branch,) = steady_states(third.ADEX, 0.0, 1000.0).branches
    v = branch.states["v"]
    expected = 34.0 * (v + 70.6) - 60.0 * np.exp((v + 50.4) / 2.0)
    assert branch.current == pytest.approx(expected, abs=1e-9)
    assert (branch.stable == (v < -50.2739635)).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: fixed_points(3), "fixed_points: must get a neuron, such as Izhikevich(a=0.02) (got 3)"),
        (lambda: fixed_points(LIF, "x"), "fixed_points, current"),
        (lambda: fixed_points(LIF, [1.0, 2.0]), "fixed_points, current: must be one finite number (got [1.0, 2.0])"),
        (lambda: fixed_points(LIF(tau_m=Uniform(5, 10))), "LIF.tau_m: must be one number for an analysis"),
        (lambda: fixed_points(LIF, input="j"), "fixed_points, LIF: has no input 'j'; known: i"),
        (lambda: fixed_points(LIF, inputs={"g": 1}), "fixed_points, LIF: has no input 'g'"),
        (lambda: fixed_points(IF, 0.0), "fixed_points, IF: every v is a fixed point here; give a current at which v moves"),
        (lambda: fixed_points(LIF, step=0), "fixed_points, step: must be > 0 ms, or None for the flow itself (got 0)"),
        (lambda: fixed_points(LIF, v_range=3), "fixed_points, v_range: must be (low, high) (got 3)"),
        (lambda: steady_states(LIF, 2, 1), "steady_states, low: must lie below high (got 2 and 1)"),
        (lambda: steady_states(LIF, 0, 1, method="x"), "steady_states, method: must be 'auto' or 'arclength' (got 'x')"),
        (lambda: attractors(LIF, between=1), "attractors, between: must be (low, high) (got 1)"),
        (lambda: nullclines(LIF, 0, (-80, -40)), "nullclines, LIF: a phase plane needs a neuron of two states (got v)"),
        (lambda: nullclines(Izhikevich(u_leak=0.0), 0, (-80, -40)), "nullclines, Izhikevich: the slope of u is not linear in u; "),
    ],
)  # fmt: skip
def test_messages(call: object, sentence: str) -> None:
    with pytest.raises(MaichongError) as error:
        call()  # type: ignore[operator]
    assert str(error.value).startswith(sentence)
