"""The benchmark networks in NEST, from constants that come with the task.

Each function creates and connects one: it returns the cells by population, and the Poisson inputs (rate, target, synapse model)
that are still to be connected. The fastest setting found is one weight for all synapses of a model where they share it. The
models called _hpc, whose synapses name their target in 16 bits, take a third less memory and up to a quarter more time: they
are for the largest.
"""

LARGE = 10**8
"""Synapses of a network that is better built small."""

NARROW = 2**16 - 2**10
"""Targets of a thread that 16 bits can tell apart, with some left for devices."""

MOST_SYNAPSES = 2**27 - 2**20
"""Synapses of one model that a thread can have, with some left for uneven threads."""


def model(nest, c, base, name, **defaults):
    """A synapse model ``name`` of our own, compact where that is possible; its name."""
    compact = c.synapses > LARGE and sum(c.sizes.values()) / nest.local_num_threads < NARROW
    nest.CopyModel(f"{base}_hpc" if compact else base, name, {"delay": c.delay, **defaults})
    return name


def in_degrees(nest, c, cells, w_exc, w_inh):
    """Each cell draws so many sources; the models of excitatory and inhibitory synapses."""
    everybody = cells["exc"] + cells["inh"]
    for name, k, weight in (("exc", c.k_exc, w_exc), ("inh", c.k_inh, w_inh)):
        synapse = model(nest, c, "static_synapse_hom_w", f"from_{name}", weight=weight)
        nest.Connect(cells[name], everybody, {"rule": "fixed_indegree", "indegree": k}, synapse)


def coba_cuba(nest, c):
    """Vogels and Abbott's network."""
    params = {
        "C_m": c.c_m, "E_L": c.e_l, "V_th": c.v_th, "V_reset": c.v_r, "t_ref": c.t_ref, "I_e": c.bias,
        "tau_syn_ex": c.tau_exc, "tau_syn_in": c.tau_inh,
    }  # fmt: skip
    if c.e_exc is None:
        kind, params, w_inh = "iaf_psc_exp", {**params, "tau_m": c.tau_m}, c.w_inh
    else:
        # a conductance's negative weight says that it is inhibitory
        kind, params, w_inh = "iaf_cond_exp", {**params, "g_L": c.g_l, "E_ex": c.e_exc, "E_in": c.e_inh}, -c.w_inh
    cells = {name: nest.Create(kind, n, params) for name, n in c.sizes.items()}
    for population in cells.values():
        population.V_m = nest.random.uniform(c.v0_low, c.v0_high)
    in_degrees(nest, c, cells, c.w_exc, w_inh)
    return cells, []


def cobahh(nest, c):
    """Traub and Miles's cells in Vogels and Abbott's network."""
    params = {
        "C_m": c.c_m, "g_L": c.g_l, "g_Na": c.g_na, "g_K": c.g_k, "E_L": c.e_l, "E_Na": c.e_na, "E_K": c.e_k, "V_T": c.v_t,
        "t_ref": c.t_ref, "E_ex": c.e_exc, "E_in": c.e_inh, "tau_syn_ex": c.tau_exc, "tau_syn_in": c.tau_inh,
    }  # fmt: skip
    cells = {name: nest.Create("hh_cond_exp_traub", n, params) for name, n in c.sizes.items()}
    for population in cells.values():
        population.V_m = nest.random.normal(c.v0_mean, c.v0_sd)
    in_degrees(nest, c, cells, c.w_exc, -c.w_inh)
    return cells, []


def brunel(nest, c):
    """Brunel's network, with delta or alpha synapses."""
    params = {
        "C_m": c.c_m, "tau_m": c.tau_m, "E_L": c.e_l, "V_m": c.e_l, "V_th": c.v_th, "V_reset": c.v_r, "t_ref": c.t_ref,
    }  # fmt: skip
    kind = "iaf_psc_delta"
    if c.tau_syn is not None:
        kind, params = "iaf_psc_alpha", {**params, "tau_syn_ex": c.tau_syn, "tau_syn_in": c.tau_syn}
    cells = {name: nest.Create(kind, n, params) for name, n in c.sizes.items()}
    in_degrees(nest, c, cells, c.w_exc, c.w_inh)
    return cells, [(c.k_exc * c.rate_ext, population, "from_exc") for population in cells.values()]


def hpc(nest, c):
    """The network of hpc_benchmark."""
    params = {
        "C_m": c.c_m, "tau_m": c.tau_m, "E_L": c.e_l, "V_th": c.v_th, "V_reset": c.v_r, "t_ref": c.t_ref,
        "tau_syn_ex": c.tau_syn, "tau_syn_in": c.tau_syn, "tau_minus": c.tau_minus,
    }  # fmt: skip
    cells = {name: nest.Create("iaf_psc_alpha", n, params) for name, n in c.sizes.items()}
    for population in cells.values():
        population.V_m = nest.random.normal(c.v0_mean, c.v0_sd)
    model(nest, c, "static_synapse_hom_w", "from_exc", weight=c.w_exc)
    model(nest, c, "static_synapse_hom_w", "from_inh", weight=c.w_inh)
    # NEST's rule is ours at w_0 = 1
    rule = {"lambda": c.lam * c.w_0 ** (1 - c.mu), "alpha": c.alpha * c.w_0 ** (c.mu - 1), "mu": c.mu, "tau_plus": c.tau_plus}
    model(nest, c, "stdp_pl_synapse_hom", "plastic", weight=c.w_exc, **rule)
    for pre, k in (("exc", c.k_exc), ("inh", c.k_inh)):
        for post in cells:
            drawn = {"rule": "fixed_indegree", "indegree": k, "allow_autapses": False}
            nest.Connect(cells[pre], cells[post], drawn, "plastic" if pre == post == "exc" else f"from_{pre}")
    return cells, [(c.k_exc * c.rate_ext, population, "from_exc") for population in cells.values()]


def microcircuit(nest, c):
    """Potjans and Diesmann's microcircuit."""
    params = {
        "C_m": c.c_m, "tau_m": c.tau_m, "E_L": c.e_l, "V_th": c.v_th, "V_reset": c.v_r, "t_ref": c.t_ref,
        "tau_syn_ex": c.tau_syn, "tau_syn_in": c.tau_syn,
    }  # fmt: skip
    cells, c.delay = {}, c.delay_exc
    for (name, n), mean, sd, current in zip(c.sizes.items(), c.v0_mean, c.v0_sd, c.drive, strict=True):
        cells[name] = nest.Create("iaf_psc_exp", n, {**params, "I_e": current})
        cells[name].V_m = nest.random.normal(mean, sd)
    # copies of one model share the synapses among them: a thread has room for 134 million of each
    copies = -(-c.synapses // (nest.local_num_threads * MOST_SYNAPSES))
    copies += copies > 1
    room = {model(nest, c, "static_synapse", f"static_{k}"): 0 for k in range(copies)}
    for post, numbers, weights in zip(cells.values(), c.numbers, c.weights, strict=True):
        for pre, number, weight, delay in zip(cells.values(), numbers, weights, c.delays, strict=True):
            if not number:
                continue
            synapse = min(room, key=room.get)
            room[synapse] += number
            sign = {"min": 0.0} if weight > 0 else {"max": 0.0}
            nest.Connect(
                pre, post, {"rule": "fixed_total_number", "N": number},
                {
                    "synapse_model": synapse,
                    "weight": nest.math.redraw(nest.random.normal(weight, c.weight_sd * abs(weight)), **{**WIDE, **sign}),
                    "delay": nest.math.redraw(nest.random.normal(delay, c.delay_sd * delay), **{**WIDE, "min": c.dt}),
                },
            )  # fmt: skip
    nest.CopyModel("static_synapse", "from_outside", {"weight": c.w_ext, "delay": c.delay_exc})
    return cells, [(rate, population, "from_outside") for rate, population in zip(c.rates_ext, cells.values(), strict=True)]


WIDE = {"min": float("-inf"), "max": float("inf")}


def notes(family, c):
    """What a reader of the row should know."""
    cells = {
        "coba_cuba": "iaf_cond_exp, adaptive Runge-Kutta" if getattr(c, "e_exc", None) is not None else "iaf_psc_exp, exact",
        "cobahh": "hh_cond_exp_traub, adaptive Runge-Kutta; a spike is stamped at its peak",
        "brunel": "iaf_psc_delta, exact" if getattr(c, "tau_syn", None) is None else "iaf_psc_alpha, exact",
        "hpc": "iaf_psc_alpha, exact",
        "microcircuit": "iaf_psc_exp, exact",
    }[family]
    return [cells]
