"""The benchmark networks in Brian2, from constants that come with the task.

Each function returns the cells and all other parts. Numbers are in ms, mV, nS, pA and pF, without Brian2's units but for times.
The fastest settings found: one group of cells, as few groups of synapses as there are kinds, and synapses in the order of their
sources. Drawn by their targets, as in-degrees are, a spike would find its synapses all over the memory, which takes twice the
time; so they are drawn and sorted here, and the program reads them.
"""

import json
import math
import time

import numpy as np

NEXT = """
int next_int(int f) {
    static std::ifstream file(std::string(%s) + "/drawn_" + std::to_string(f) + ".bin", std::ios::binary);
    int32_t value = 0;
    if (!file.read(reinterpret_cast<char*>(&value), sizeof value)) {
        std::cerr << "the file of connections ends too early" << std::endl;
        std::exit(1);
    }
    return value;
}
"""
"""Each call of connect() is a file of its own, in which a static stream reads one file from its beginning to its end."""


def function(b2, code, signature, kind, result, stateless=True):
    """A C++ function with arguments of one kind as one of Brian2's; ``signature`` is a lambda with their names."""
    names = signature.__code__.co_varnames
    declared = b2.declare_types(**dict.fromkeys(names, kind), result=result)(signature)
    made = b2.implementation("cpp", code)(b2.check_units(**dict.fromkeys(names, 1), result=1)(declared))
    made.stateless = stateless
    return made


class Drawn:
    """Connections, drawn into files of 32-bit integers: for each source the number of its targets, then these."""

    def __init__(self, b2, folder, seed):
        self.folder, self.seed, self.rng = folder, seed, np.random.default_rng(seed)
        self.synapses, self.took_s, self._files = 0, 0.0, 0
        self._next_int = function(b2, NEXT % json.dumps(str(folder)), lambda f: f, "integer", "integer", stateless=False)

    def connect(self, synapses, degrees, targets):
        """Give each source ``degrees[i]`` of the ``targets``, which lie one source after the other."""
        begun = time.perf_counter()
        places = np.cumsum(degrees) - degrees
        np.insert(targets.astype(np.int32), places, degrees).tofile(self.folder / f"drawn_{self._files}.bin")
        self.took_s += time.perf_counter() - begun
        synapses.connect(
            j=f"next_int({self._files}) for _ in range(next_int({self._files}))", namespace={"next_int": self._next_int}
        )
        self._files += 1
        self.synapses += len(targets)

    def in_degree(self, synapses, k, n_pre, n_post, but_self=False):
        """Each target draws ``k`` sources, with replacement."""
        begun = time.perf_counter()
        pre = self.rng.integers(n_pre - but_self, size=n_post * k, dtype=np.int32)
        if but_self:
            pre += pre >= np.repeat(np.arange(n_post, dtype=np.int32), k)
        # a radix sort, where 16 bits are enough
        order = np.argsort(pre.astype(np.uint16) if n_pre <= 2**16 else pre, kind="stable")
        degrees, targets = np.bincount(pre, minlength=n_pre), (order // k).astype(np.int32)
        del pre, order
        self.took_s += time.perf_counter() - begun
        self.connect(synapses, degrees, targets)

    def total_numbers(self, synapses, numbers, sizes):
        """``numbers[post][pre]`` synapses between each two populations, source and target of each drawn independently."""
        begun = time.perf_counter()
        first = np.cumsum(sizes) - sizes
        degrees, targets = [], []
        for pre, n in enumerate(sizes):
            each = np.stack([self.rng.multinomial(row[pre], np.full(n, 1 / n)) for row in numbers])
            found = np.empty(each.sum(), np.int32)
            # in the row of a source lie its targets of the first population, then those of the second ...
            begin = np.cumsum(each.sum(axis=0)) - each.sum(axis=0) + np.cumsum(each, axis=0) - each
            for post, (counts, start) in enumerate(zip(each, begin, strict=True)):
                place = np.repeat(start - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
                found[place] = first[post] + self.rng.integers(sizes[post], size=place.size, dtype=np.int32)
            degrees.append(each.sum(axis=0))
            targets.append(found)
        self.took_s += time.perf_counter() - begun
        self.connect(synapses, np.concatenate(degrees), np.concatenate(targets))


def group(b2, c, equations, method, **options):
    """All cells; a refractory time that counts from the end of the spike's step, as a stamp does."""
    namespace = {
        name: value for name, value in vars(c).items() if isinstance(value, (int, float)) and name not in ("dt", "delay")
    }
    n = sum(c.sizes.values())
    options = {"refractory": (c.t_ref + c.dt) * b2.ms, "threshold": "v >= v_th", "reset": "v = v_r", **options}
    return b2.NeuronGroup(n, equations, method=method, namespace=namespace, **options)


def synapses_of(b2, c, pre, post, on_pre, model="", **options):
    """Synapses with the one delay."""
    return b2.Synapses(pre, post, model, on_pre=on_pre, delay=c.delay * b2.ms, namespace=pre.namespace, **options)


def from_two(b2, c, cells, drawn, on_exc, on_inh):
    """Excitatory and inhibitory synapses onto all cells, in-degrees fixed."""
    found, n = [], sum(c.sizes.values())
    for source, k, size, on_pre in ((cells[: c.n_exc], c.k_exc, c.n_exc, on_exc), (cells[c.n_exc :], c.k_inh, c.n_inh, on_inh)):
        found.append(synapses_of(b2, c, source, cells, on_pre))
        drawn.in_degree(found[-1], k, size, n)
    return found


CONDUCTANCES = """
dg_exc/dt = -g_exc/(tau_exc*ms) : 1
dg_inh/dt = -g_inh/(tau_inh*ms) : 1
"""


def coba_cuba(b2, c, drawn):
    """Vogels and Abbott's network."""
    flow, method = "(e_l - v)/tau_m + (g_exc + g_inh + bias)/c_m", "exact"
    if c.e_exc is not None:
        flow, method = "(g_l*(e_l - v) + g_exc*(e_exc - v) + g_inh*(e_inh - v) + bias)/c_m", "exponential_euler"
    cells = group(b2, c, f"dv/dt = ({flow})/ms : 1 (unless refractory)" + CONDUCTANCES, method)
    cells.v = "v0_low + (v0_high - v0_low)*rand()"
    return cells, from_two(b2, c, cells, drawn, "g_exc_post += w_exc", "g_inh_post += w_inh")


TRAUB_MILES = """
dv/dt = (g_l*(e_l - v) + g_exc*(e_exc - v) + g_inh*(e_inh - v) + g_na*m**3*h*(e_na - v) + g_k*n**4*(e_k - v))/c_m/ms : 1
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 0.32*4/exprel((13 - v + v_t)/4)/ms : Hz
beta_m = 0.28*5/exprel((v - v_t - 40)/5)/ms : Hz
alpha_h = 0.128*exp((17 - v + v_t)/18)/ms : Hz
beta_h = 4/(1 + exp((40 - v + v_t)/5))/ms : Hz
alpha_n = 0.032*5/exprel((15 - v + v_t)/5)/ms : Hz
beta_n = 0.5*exp((10 - v + v_t)/40)/ms : Hz
"""


def cobahh(b2, c, drawn):
    """Traub and Miles's cells in Vogels and Abbott's network; what stands in the equations is the cell's definition."""
    once = {"threshold": "v > v_th", "reset": "", "refractory": c.t_ref * b2.ms}
    cells = group(b2, c, TRAUB_MILES + CONDUCTANCES, "exponential_euler", **once)
    cells.v = "v0_mean + v0_sd*randn()"
    for gate in "mhn":
        setattr(cells, gate, f"alpha_{gate}/(alpha_{gate} + beta_{gate})")
    return cells, from_two(b2, c, cells, drawn, "g_exc_post += w_exc", "g_inh_post += w_inh")


ALPHA = """
dv/dt = ((e_l - v)/tau_m + current/c_m)/ms : 1 (unless refractory)
dcurrent/dt = (y - current/tau_syn)/ms : 1
dy/dt = -y/(tau_syn*ms) : 1
"""


def brunel(b2, c, drawn):
    """Brunel's network, with delta or alpha synapses."""
    if c.tau_syn is None:
        cells, to, jump = group(b2, c, "dv/dt = (e_l - v)/(tau_m*ms) : 1 (unless refractory)", "exact"), "v", 1.0
    else:
        cells, to, jump = group(b2, c, ALPHA, "exact"), "y", math.e / c.tau_syn
    cells.v = c.e_l
    cells.namespace["jump"] = jump
    found = from_two(b2, c, cells, drawn, f"{to}_post += w_exc*jump", f"{to}_post += w_inh*jump")
    outside = b2.PoissonInput(cells, to, N=c.k_exc, rate=c.rate_ext * b2.Hz, weight=c.w_exc * jump)
    return cells, [*found, outside]


TRACES = """
dsent/dt = -sent/(tau_plus*ms) : 1
dback/dt = -back/(tau_minus*ms) : 1
"""


def hpc(b2, c, drawn):
    """The network of hpc_benchmark; as all delays are alike, traces live in the cells."""
    cells = group(b2, c, ALPHA + TRACES, "exact", reset="v = v_r; sent += 1")
    cells.v = "v0_mean + v0_sd*randn()"
    cells.namespace["jump"] = math.e / c.tau_syn
    exc, inh = cells[: c.n_exc], cells[c.n_exc :]
    # a dendritic delay: synapses learn of the source at once, and of their own cell as late as that hears of them
    plastic = b2.Synapses(
        exc, exc, "w : 1", namespace=exc.namespace, delay={"act": c.delay * b2.ms, "post": c.delay * b2.ms},
        on_pre={"act": "y_post += w*jump", "learn": "w -= alpha*lam*w*back_post"}, on_post="w += lam*w_0*(w/w_0)**mu*sent_pre",
    )  # fmt: skip
    drawn.in_degree(plastic, c.k_exc, c.n_exc, c.n_exc, but_self=True)
    plastic.w = c.w_exc
    # what comes back is noted when all synapses have read the trace
    noted = synapses_of(b2, c, exc, exc, "back_pre += 1")
    noted.pre.order = 1
    noted.connect(j="i")
    found = [plastic, noted]
    for pre, post, k, n_pre, n_post, on_pre in (
        (exc, inh, c.k_exc, c.n_exc, c.n_inh, "y_post += w_exc*jump"),
        (inh, exc, c.k_inh, c.n_inh, c.n_exc, "y_post += w_inh*jump"),
        (inh, inh, c.k_inh, c.n_inh, c.n_inh, "y_post += w_inh*jump"),
    ):
        found.append(synapses_of(b2, c, pre, post, on_pre))
        drawn.in_degree(found[-1], k, n_pre, n_post, but_self=pre is post)
    outside = b2.PoissonInput(cells, "y", N=c.k_exc, rate=c.rate_ext * b2.Hz, weight=c.w_exc * cells.namespace["jump"])
    return cells, [*found, outside]


NORMAL = """
double redrawn(double mean, double sd, double low, double high) {
    static std::atomic<int> threads{0};
    static thread_local std::mt19937_64 engine(%d + threads++);
    static thread_local std::normal_distribution<double> normal;
    double x;
    do x = mean + sd * normal(engine); while (x < low || x > high);
    return x;
}
"""


def microcircuit(b2, c, drawn):
    """Potjans and Diesmann's microcircuit: one group of synapses for all."""
    equations = """
    dv/dt = ((e_l - v)/tau_m + (current + bias)/c_m)/ms : 1 (unless refractory)
    dcurrent/dt = -current/(tau_syn*ms) : 1
    bias : 1 (constant)
    population : integer (constant)
    d_mean : 1 (constant)
    """
    cells = group(b2, c, equations, "exact")
    sizes = list(c.sizes.values())
    cells.population = np.repeat(np.arange(len(sizes)), sizes)
    cells.bias, cells.d_mean = np.repeat(c.drive, sizes), np.repeat(c.delays, sizes)
    mean, sd = np.repeat(c.v0_mean, sizes), np.repeat(c.v0_sd, sizes)
    cells.v = drawn.rng.normal(mean, sd)

    table = ", ".join(f"{w!r}" for row in c.weights for w in row)
    weight_of = (
        f"double weight_of(int post, int pre) {{ static const double w[] = {{{table}}}; return w[post * {len(sizes)} + pre]; }}"
    )
    functions = {
        "weight_of": function(b2, weight_of, lambda post, pre: 0.0, "integer", "float"),
        "redrawn": function(b2, NORMAL % drawn.seed, lambda mean, sd, low, high: mean, "any", "float", stateless=False),
    }
    namespace = {**cells.namespace, **functions, "dt_ms": c.dt, "wide": 1e9}
    synapses = b2.Synapses(cells, cells, "w : 1", on_pre="current_post += w", namespace=namespace)
    drawn.total_numbers(synapses, c.numbers, np.array(sizes))
    synapses.w = "weight_of(population_post, population_pre)*redrawn(1, weight_sd, 0, wide)"
    synapses.delay = "redrawn(d_mean_pre, delay_sd*d_mean_pre, dt_ms, wide)*ms"
    parts, first = [synapses], 0
    for n, rate in zip(sizes, c.rates_ext, strict=True):
        k = round(rate / c.rate_ext)
        parts.append(b2.PoissonInput(cells[first : first + n], "current", N=k, rate=c.rate_ext * b2.Hz, weight=c.w_ext))
        first += n
    return cells, parts


def notes(family, c):
    """What a reader of the row should know."""
    exact = family in ("brunel", "hpc", "microcircuit") or getattr(c, "e_exc", None) is None
    found = ["exact" if exact and family != "cobahh" else "exponential Euler"]
    if family == "cobahh":
        found.append("at this step, being of order one, it fires less than the solution does; Runge-Kutta methods diverge")
    if family == "hpc":
        found.append("traces live in the cells")
    return found
