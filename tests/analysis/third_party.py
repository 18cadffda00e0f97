"""Neurons as a user declares them in a file of their own: what the analysis is told about the equations is this alone."""

from __future__ import annotations

from maichong.ops import absolute, exp, expm1, tanh, where
from maichong.spec import Input, Param, State, neuron


def crosses(v, v_th):
    return v - v_th


# FitzHugh-Nagumo, Morris-Lecar: equations.md 1.15 -------------------------------------------------------------------------


def fhn_flow(v, w, i, a, b, eps):
    return v - v * v * v / 3.0 - w + i, eps * (v + a - b * w)


FHN = neuron(
    "ThirdFHN",
    params=[
        Param("a", 0.7, "", "offset"), Param("b", 0.8, "", "leak of the recovery"), Param("eps", 0.08, "", "speed"),
        Param("v_th", 1.0, "", "spike"),
    ],
    states=[State("v", -1.2, "", "membrane", membrane=True), State("w", -0.6, "", "recovery")],
    inputs=[Input("i", "", "current")], flow=fhn_flow, fires=crosses,
)  # fmt: skip


def ml_flow(v, w, i, c_m, g_ca, g_k, g_l, v_ca, v_k, v_l, v1, v2, v3, v4, phi):
    m = 0.5 * (1.0 + tanh((v - v1) / v2))
    target = 0.5 * (1.0 + tanh((v - v3) / v4))
    half = exp((v - v3) / (2.0 * v4))
    speed = phi * 0.5 * (half + 1.0 / half)
    return (
        (i - g_l * (v - v_l) - g_ca * m * (v - v_ca) - g_k * w * (v - v_k)) / c_m,
        speed * (target - w),
    )


ML = neuron(
    "ThirdML",
    params=[
        Param("c_m", 20.0, "", "capacitance"), Param("g_ca", 4.4, "", "calcium"), Param("g_k", 8.0, "", "potassium"),
        Param("g_l", 2.0, "", "leak"), Param("v_ca", 120.0, "", "calcium"), Param("v_k", -84.0, "", "potassium"),
        Param("v_l", -60.0, "", "leak"), Param("v1", -1.2, "", "m"), Param("v2", 18.0, "", "m"),
        Param("v3", 2.0, "", "w"), Param("v4", 30.0, "", "w"), Param("phi", 0.04, "", "speed"),
        Param("v_th", 0.0, "", "spike"),
    ],
    states=[State("v", -60.0, "", "membrane", membrane=True), State("w", 0.0, "", "potassium")],
    inputs=[Input("i", "", "current")], flow=ml_flow, fires=crosses,
)  # fmt: skip


# AdEx, quadratic and exponential neurons: 1.5 to 1.7 -----------------------------------------------------------------------


def adex_flow(v, w, i, c_m, g_l, e_l, v_t, delta_t, a, tau_w):
    upstroke = exp((v - v_t) / delta_t)
    return (-g_l * (v - e_l) + g_l * delta_t * upstroke - w + i) / c_m, (a * (v - e_l) - w) / tau_w


def adex_reset(w, v_r, b):
    return v_r, w + b


ADEX = neuron(
    "ThirdAdEx",
    params=[
        Param("c_m", 281.0, "pF", "capacitance"), Param("g_l", 30.0, "nS", "leak"), Param("e_l", -70.6, "mV", "rest"),
        Param("v_t", -50.4, "mV", "soft threshold"), Param("delta_t", 2.0, "mV", "slope"), Param("a", 4.0, "nS", "coupling"),
        Param("tau_w", 144.0, "ms", "adaptation"), Param("v_r", -70.6, "mV", "reset"), Param("b", 80.5, "pA", "jump"),
        Param("v_th", 0.0, "mV", "peak"),
    ],
    states=[State("v", "e_l", "mV", "membrane", membrane=True), State("w", 0.0, "pA", "adaptation")],
    inputs=[Input("i", "pA", "current")], flow=adex_flow, fires=crosses, reset=adex_reset,
)  # fmt: skip


def qif_flow(v, i, tau, a0, v_rest, v_c, r):
    return (a0 * (v - v_rest) * (v - v_c) + r * i) / tau


def qif_reset(v_r):
    return v_r


QIF = neuron(
    "ThirdQIF",
    params=[
        Param("tau", 20.0, "ms", "time constant"), Param("a0", 0.04, "1/mV", "curvature"), Param("v_rest", -65.0, "mV", "rest"),
        Param("v_c", -50.0, "mV", "critical"), Param("r", 1.0, "mV/pA", "resistance"), Param("v_r", -60.0, "mV", "reset"),
        Param("v_th", 0.0, "mV", "peak"),
    ],
    states=[State("v", "v_rest", "mV", "membrane", membrane=True)],
    inputs=[Input("i", "pA", "current")], flow=qif_flow, fires=crosses, reset=qif_reset,
)  # fmt: skip


def dendrite_flow(v, i, tau_d, c_d, g_d, e_l):
    return (e_l - v) / tau_d + (g_d / (1.0 + exp(-(v + 38.0) / 6.0)) + i) / c_d


DENDRITE = neuron(
    "ThirdDendrite",
    params=[
        Param("tau_d", 7.0, "", "time constant"), Param("c_d", 170.0, "", "capacitance"),
        Param("g_d", 1200.0, "", "regenerative current"), Param("e_l", -70.0, "", "rest"), Param("v_th", 0.0, "", "none"),
    ],
    states=[State("v", "e_l", "", "membrane", membrane=True)],
    inputs=[Input("i", "", "current")], flow=dendrite_flow, fires=crosses,
)  # fmt: skip


# Hodgkin and Huxley: 1.9 ----------------------------------------------------------------------------------------------------


def over(z):
    small = absolute(z) < 1e-7
    away = where(small, 1.0, z)
    return where(small, 1.0 + 0.5 * z, away / -expm1(-away))


def hh_flow(v, m, h, n, i, g_na, g_k, g_l, e_na, e_k, e_l):
    alpha_m, beta_m = over((v + 40.0) / 10.0), 4.0 * exp(-(v + 65.0) / 18.0)
    alpha_h, beta_h = 0.07 * exp(-(v + 65.0) / 20.0), 1.0 / (1.0 + exp(-(v + 35.0) / 10.0))
    alpha_n, beta_n = 0.1 * over((v + 55.0) / 10.0), 0.125 * exp(-(v + 65.0) / 80.0)
    return (
        i - g_na * m * m * m * h * (v - e_na) - g_k * n * n * n * n * (v - e_k) - g_l * (v - e_l),
        alpha_m * (1.0 - m) - beta_m * m,
        alpha_h * (1.0 - h) - beta_h * h,
        alpha_n * (1.0 - n) - beta_n * n,
    )


HH = neuron(
    "ThirdHH",
    params=[
        Param("g_na", 120.0, "", "sodium"), Param("g_k", 36.0, "", "potassium"), Param("g_l", 0.3, "", "leak"),
        Param("e_na", 50.0, "", "sodium"), Param("e_k", -77.0, "", "potassium"), Param("e_l", -54.387, "", "leak"),
        Param("v_th", 0.0, "", "spike"),
    ],
    states=[
        State("v", -64.996379, "", "membrane", membrane=True), State("m", 0.05293249, "", "sodium"),
        State("h", 0.59612075, "", "sodium's inactivation"), State("n", 0.31767691, "", "potassium"),
    ],
    inputs=[Input("i", "", "current")], flow=hh_flow, fires=crosses,
)  # fmt: skip
