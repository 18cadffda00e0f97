"""A network as a description: populations, projections, probes. It is inert: building and running belong to the engines.

>>> from maichong import LIF, Exponential, FixedProbability, Network
>>> net = Network(dt=0.1, seed=1)
>>> e = net.population("e", LIF(tau_m=20.0), 3200, drive=400.0)
>>> i = net.population("i", LIF(tau_m=20.0), 800, drive=400.0)
>>> _ = net.project(e, i, FixedProbability(0.02), weight=4.0, delay=0.2, receptor=Exponential(tau=5.0, e_rev=0.0))
>>> sorted(net.populations)
['e', 'i']
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maichong import files
from maichong.errors import NetworkError, ParameterError, brief, did_you_mean, is_one_of
from maichong.given import check_bounds, check_delay, check_one_sign, check_signed_bounds, each, lowest, synaptic
from maichong.joins import (
    check_exact,
    check_rules,
    check_saturating,
    check_sign,
    settle_input,
    settle_receptor,
    settle_rules,
    settle_short_term,
    sign_of,
)
from maichong.network_data import read_network, write_network
from maichong.parts import (
    Background,
    GapJunctions,
    Noise,
    Population,
    Projection,
    SpikeTimes,
    check_name,
    check_population,
    is_white,
    settle_drive,
    takes_at_membrane,
    takes_current,
)
from maichong.parts_data import same_data
from maichong.probes import Probe, probe_of, weight_probe_of
from maichong.spec import (
    Configured,
    Distribution,
    IntrinsicModel,
    NeuronModel,
    ReceptorModel,
    RuleModel,
    ShortTermModel,
    SourceModel,
    weight_unit,
)
from maichong.spec.quantities import in_unit
from maichong.states import Place, states_of
from maichong.topology import Connector


class Network:
    """Populations and projections on a time grid of ``dt`` ms; ``seed`` fixes everything random.

    Raises ParameterError for a dt that is not a positive number or a seed that is no whole number >= 0.
    """

    def __init__(self, dt: float | str = 0.1, seed: int = 0) -> None:
        step = in_unit(dt, "ms", "Network.dt")
        if not isinstance(step, float) or not np.isfinite(step) or step <= 0:
            raise ParameterError("Network.dt", "must be a number > 0 ms", brief(dt))
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
            raise ParameterError("Network.seed", "must be a whole number between 0 and 2**63 - 1", brief(seed))
        self.dt = step
        self.seed = int(seed)
        self.populations: dict[str, Population] = {}
        self.projections: dict[str, Projection] = {}
        self.backgrounds: dict[str, Background] = {}
        self.noises: dict[str, Noise] = {}
        self.gaps: dict[str, GapJunctions] = {}
        self.probes: list[Probe] = []

    def population(
        self,
        name: str,
        model: Configured | SpikeTimes,
        n: int,
        *,
        init: Mapping[str, Any] | None = None,
        drive: Any = None,
        plasticity: Configured | Iterable[Configured] = (),
        sign: str | None = None,
    ) -> Population:
        """Add ``n`` neurons or sources of ``model``.

        ``init`` maps states to their values at the start, each in the state's unit. ``drive`` is an input from outside, in the
        input's own unit (pA for a LIF): a value for the first input, or a mapping by input name. A value is one number, an
        array [n], text with a unit or a distribution; a drive, and a parameter of a source, may be Steps in time.
        ``plasticity`` is one intrinsic rule or several. With the ``sign`` "excitatory" or "inhibitory" the weights of all its
        synapses have one sign (Dale's principle), and keep it whatever rules do: >= 0, or <= 0 for currents and jumps of an
        inhibitory population; conductances are >= 0, and pull by their reversal potential.

        Raises NetworkError for a name that is taken, an ``n`` that is no whole number >= 1, an array of another length, an
        unknown state or input, or a part of the wrong kind; ParameterError for a value that is no finite number; UnitError
        for a wrong unit.

        >>> from maichong import LIF, Poisson
        >>> net = Network(dt=0.1, seed=1)
        >>> _ = net.population("e", LIF(tau_m=20.0), 3, init={"v": [-70.0, -65.0, -60.0]}, drive="0.4 nA")
        >>> x = net.population("x", Poisson(rate=[5.0, 50.0]), 2)
        >>> net.build("reference")["e"]["v"]
        array([-70., -65., -60.])
        """
        where = f"population {name!r}"
        check_name(name, "population")
        if name in self.populations:
            raise NetworkError(where, "stands in the network already", fix="choose another name")
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n < 2**31:
            raise NetworkError(where, "must have between 1 and 2**31 - 1 neurons", brief(n))
        if isinstance(model, NeuronModel | SourceModel):
            model = model()
        if isinstance(model, SpikeTimes):
            model.check(int(n), self.dt, where)
        elif not isinstance(model, Configured) or not isinstance(model.model, NeuronModel | SourceModel):
            raise NetworkError(where, "needs a neuron or a source, such as LIF() or Poisson()", brief(model))
        if init is not None and not isinstance(init, Mapping):
            raise NetworkError(where, "init must map states to values, such as {'v': -60.0}", brief(init))
        rules = settle_rules(plasticity, IntrinsicModel, "intrinsic rules, such as HomeostaticThreshold()", where)
        check_sign(sign, where)
        population = Population(name, model, int(n), dict(init or {}), settle_drive(model, drive, where), rules, sign)
        check_population(population, self.dt, where)
        self.populations[name] = population
        return population

    def project(
        self,
        pre: Population | str,
        post: Population | str,
        connector: Connector,
        *,
        weight: Any,
        receptor: Configured | ReceptorModel,
        delay: Any = None,
        dendritic_delay: Any = None,
        plasticity: Configured | Iterable[Configured] = (),
        short_term: Configured | ShortTermModel | None = None,
        input: str | None = None,
        name: str | None = None,
    ) -> Projection:
        """Connect ``pre`` to ``post`` with the pairs that ``connector`` names.

        ``weight`` is in mV for a receptor that jumps the membrane (Delta), in pA for one that gives a current, in nS for one
        with a reversal potential ``e_rev``; ``delay`` is in ms, at least dt and rounded to the grid: without one a spike acts
        from its own stamp on. Where the spike times of both ends are exact, it acts from its own time + delay on. A
        ``dendritic_delay``, >= 0 ms, comes after it on the way to the soma, and is the time that a spike of ``post`` takes back to
        the synapse, where rules see it; without rules the two are one delay. All are one number, one for each synapse (in the order
        of an ExplicitList, else by pre, then post), a matrix [pre, post], text with a unit or a distribution. ``plasticity`` is one
        rule or several, of which one may write weights at spikes or steps; ``short_term`` is a short-term rule such as
        TsodyksMarkram, which says what part of its weight a synapse releases; ``input`` names the input of ``post`` that receives
        the current, the first by default; ``name`` is "pre->post" by default.

        Raises NetworkError for an unknown population, a name that is taken, sizes or parts that do not fit and a delay below
        dt; ParameterError for a value that is not finite, or a weight outside the bounds of its rules; UnitError for a wrong
        unit.

        >>> from maichong import LIF, AllToAll, Exponential, Poisson
        >>> net = Network(dt=0.1)
        >>> x, e = net.population("x", Poisson(rate=20.0), 2), net.population("e", LIF(), 3)
        >>> net.project(x, e, AllToAll(), weight=[[1, 2, 3], [4, 5, 6]], delay=1.5, receptor=Exponential(tau=5.0)).name
        'x->e'
        >>> _ = net.project(x, e, AllToAll(), weight="2 nS", receptor=Exponential(e_rev=0.0), name="open")
        >>> run = net.build("reference")
        >>> run.weights("x->e")
        array([[1., 2., 3.],
               [4., 5., 6.]])
        """
        source, target = self._known(pre), self._known(post)
        if name is not None:
            check_name(name, "projection")
        base = name or f"{source.name}->{target.name}"
        label = base
        for k in range(2, len(self.projections) + 3):
            if label not in self.projections:
                break
            if name:
                raise NetworkError(f"projection {name!r}", "stands in the network already", fix="choose another name")
            label = f"{base}#{k}"
        where = f"projection {label!r}"
        if any(label in taken for taken in (self.backgrounds, self.noises, self.gaps)):
            raise NetworkError(where, "is the name of something else in the network", fix="choose another name")
        if not target.is_neuron:
            raise NetworkError(where, "must end on neurons, and a source receives nothing", brief(target.name))
        if not isinstance(connector, Connector):
            raise NetworkError(where, "needs a connector, such as AllToAll() or FixedProbability(0.1)", brief(connector))
        connector.check(source.n, target.n, where)
        receptor, input = settle_receptor(target, receptor, input, where)
        rules = settle_rules(plasticity, RuleModel, "rules, such as PairSTDP()", where)
        short_term = settle_short_term(short_term, receptor, where)
        check_saturating(receptor, self.dt, bool(rules), where)
        check_rules(rules, dendritic_delay, self.dt, where)
        weight = synaptic(weight, weight_unit(receptor), f"{where}, weight", connector, source.n, target.n)
        for rule in rules:
            check_bounds(weight, rule, f"{where}, weight")
        keeps = sign_of(source, receptor)
        check_one_sign(weight, keeps, source.name, f"{where}, weight")
        for rule in rules:
            check_signed_bounds(rule, keeps, source.name, where)
        if source.exact and target.exact:
            check_exact(receptor, delay, dendritic_delay, rules, self.dt, where)
        if delay is not None:
            delay = synaptic(delay, "ms", f"{where}, delay", connector, source.n, target.n)
            check_delay(delay, f"{where}, delay", self.dt)
        if dendritic_delay is not None:
            named = f"{where}, dendritic_delay"
            dendritic_delay = synaptic(dendritic_delay, "ms", named, connector, source.n, target.n)
            check_delay(dendritic_delay, named, 0.0)
        self.projections[label] = Projection(
            label,
            source.name,
            target.name,
            connector,
            weight,
            delay,
            receptor,
            rules,
            input,
            short_term,
            dendritic_delay,
            keeps,
        )
        return self.projections[label]

    def background(
        self,
        target: Population | str,
        *,
        rate: Any,
        weight: Any,
        receptor: Configured | ReceptorModel,
        input: str | None = None,
        name: str | None = None,
    ) -> Background:
        """Add Poisson events from outside: independent for each neuron of ``target``, at ``rate`` Hz, each of ``weight``.

        One such input stands for any number of external neurons that fire irregularly: 1,000 synapses at 8 Hz are a rate of 8,000
        Hz. Any number of events may fall into one step, and they act from its start on, without a delay. ``rate`` and ``weight``
        are one number, one for each neuron, text with a unit or a distribution, a rate also Steps in time; ``receptor`` and
        ``input`` as in ``project``; ``name`` is "background->target" by default.

        Raises NetworkError for an unknown target, a name that is taken or a receptor that does not fit; ParameterError for a rate
        that is negative, or above 100 events a step; UnitError for a wrong unit.

        >>> from maichong import LIF, Delta, Network
        >>> net = Network(dt=0.1, seed=1)
        >>> cells = net.population("cells", LIF(v_rest=0.0, v_r=10.0, v_th=20.0, tau_m=20.0, t_ref=2.0), 100)
        >>> _ = net.background(cells, rate="20 kHz", weight=0.1, receptor=Delta())
        >>> 90.0 < net.build("reference").run(500.0)["cells"].rate() < 100.0  # 99 Hz from a steady 40 mV
        True
        """
        known, label, where = self._onto(target, name, "background")
        receptor, input = settle_receptor(known, receptor, input, where)
        if isinstance(receptor.model, ReceptorModel) and receptor.model.source:
            fix = "use Exponential, Alpha or BiExponential, or project from Poisson()"
            raise NetworkError(where, f"{receptor.model.name} needs to know which source a spike is from", fix=fix)
        rate = each(rate, "Hz", known.n, f"{where}, rate", steps_of=self.dt)
        if (least := lowest(rate)) < 0:
            raise ParameterError(f"{where}, rate", "must be >= 0 Hz", f"{least:g}")
        weight = each(weight, weight_unit(receptor), known.n, f"{where}, weight")
        self.backgrounds[label] = Background(label, known.name, rate, weight, receptor, input)
        return self.backgrounds[label]

    def noise(
        self,
        target: Population | str,
        *,
        sigma: Any,
        tau: Any,
        mean: Any = 0.0,
        input: str | None = None,
        name: str | None = None,
    ) -> Noise:
        """Add a noise current: an Ornstein-Uhlenbeck process for each neuron of ``target``, independent of all others.

            dI = (mean - I) / tau dt + sigma sqrt(2 / tau) dW

        Its standard deviation is ``sigma``, its autocorrelation exp(-|t| / tau), and it starts from its stationary law. It is
        exact at the steps, and held within a step: choose a dt well below ``tau`` where its course matters. ``mean`` and ``sigma``
        are in the unit of the ``input`` that takes it, the first by default (pA for a LIF), ``tau`` in ms: each one number, one
        for each neuron, text with a unit or a distribution. ``name`` is "noise->target" by default. The state ``i`` of it is
        recorded by ``net.probe(target, "noise->target.i")`` and read and set by ``run[target]["noise->target.i"]``.

        The free membrane of a LIF has then the standard deviation sigma R sqrt(tau / (tau + tau_m)), with R = tau_m / c_m.

        ``tau=0`` is white noise, I dt = mean dt + sigma dW, with ``sigma`` in the input's unit times sqrt(ms): over a step the
        current is mean + sigma z / sqrt(dt), z normal and new in each step, and the free membrane's standard deviation is
        sigma R / sqrt(2 tau_m). The neuron's integrator is then that of a stochastic differential equation: "euler" is
        Euler-Maruyama, whose variance is too large by the part dt / (2 tau_m); the exact step of linear flows is too small by
        dt^2 / (12 tau_m^2) only. Paths converge as dt. Spikes do so as sqrt(dt), for a path crosses the threshold and comes back
        between two steps: the threshold seems to be 0.5826 sigma R sqrt(dt) / tau_m higher (Broadie, Glasserman & Kou 1997,
        doi:10.1111/1467-9965.00035). Not for an input that a flow multiplies by a state, where the integrators would mean different
        integrals, "euler" that of Ito, "rk4" that of Stratonovich.

        Raises NetworkError for an unknown target, a source, a name that is taken, a neuron without the input or an array of
        another length; ParameterError for a sigma < 0 or a tau that is neither > 0 nor the number 0; UnitError for a wrong unit.

        Source: Uhlenbeck & Ornstein 1930, doi:10.1103/PhysRev.36.823; as a current, Destexhe, Rudolph, Fellous & Sejnowski 2001,
        doi:10.1016/S0306-4522(01)00344-X; Euler-Maruyama: Maruyama 1955, doi:10.1007/BF02846028.

        >>> from maichong import LIF, Network
        >>> net = Network(dt=0.1, seed=1)
        >>> cells = net.population("cells", LIF(tau_m=20.0, c_m=200.0, v_th=0.0), 2000)
        >>> _ = net.noise(cells, sigma="50 pA", tau=5.0)
        >>> v = net.build("reference").run(100.0)["cells"]["v"]
        >>> bool(2.1 < v.std() < 2.4)  # 50 pA 0.1 GOhm / sqrt(5) = 2.24 mV
        True
        """
        known, label, where = self._onto(target, name, "noise")
        input = settle_input(known, input, where)
        assert isinstance(known.model, Configured) and isinstance(known.model.model, NeuronModel)
        unit = next(entry.unit for entry in known.model.model.inputs if entry.name == input)
        tau = each(tau, "ms", known.n, f"{where}, tau")
        white = is_white(tau)
        if not white and (least := lowest(tau)) <= 0:
            raise ParameterError(f"{where}, tau", "must be > 0 ms, or the number 0 for white noise", f"{least:g}")
        mean = each(mean, unit, known.n, f"{where}, mean")
        per_root = f"{unit} * ms**0.5" if unit else "ms**0.5"
        sigma = each(sigma, per_root if white else unit, known.n, f"{where}, sigma")
        if (least := lowest(sigma)) < 0:
            raise ParameterError(f"{where}, sigma", f"must be >= 0 {per_root if white else unit}", f"{least:g}")
        self.noises[label] = Noise(label, known.name, mean, sigma, tau, input)
        return self.noises[label]

    def gap_junctions(
        self, a: Population | str, b: Population | str, connector: Connector, *, conductance: Any, name: str | None = None
    ) -> GapJunctions:
        """Couple neurons of ``a`` and ``b`` electrically: i of ``a`` takes the current g (v_j - v_i), j of ``b`` its opposite.

        ``connector`` names the pairs (i, j), each a junction for both directions; a neuron has none with itself. ``conductance``
        g is in nS, >= 0: one number, one for each pair, a matrix [a, b], text with a unit or a distribution. The current goes to
        the first input of each, in pA. It is solved inside the step: each neuron's own part with its other currents, the others'
        potentials as their means over the step, found by iteration. ``name`` is "a=b" by default.

        Raises NetworkError for an unknown population, a source, a name that is taken or parts that do not fit; ParameterError for
        a conductance that is negative or no number; UnitError for a wrong unit.

        >>> from maichong import LIF, AllToAll, Network
        >>> net = Network(dt=0.1)
        >>> cell = LIF(v_rest=0.0, v_r=0.0, v_th=1e3, tau_m=20.0, c_m=200.0)
        >>> one, other = net.population("one", cell, 1, drive=100.0), net.population("other", cell, 1)
        >>> _ = net.gap_junctions(one, other, AllToAll(), conductance=5.0)
        >>> run = net.build("reference").run(500.0)
        >>> round(float(run["one"]["v"][0]), 3), round(float(run["other"]["v"][0]), 3)
        (7.5, 2.5)
        """
        first, second = self._known(a), self._known(b)
        label = f"{first.name}={second.name}" if name is None else name
        check_name(label, "gap junctions")
        where = f"gap junctions {label!r}"
        self._check_free(label, where)
        for population in (first, second):
            if not takes_current(population.model):
                raise NetworkError(where, "must couple neurons whose first input is in pA", brief(population.name))
            if not takes_at_membrane(population.model):
                expected = "must couple neurons whose first input comes in at the membrane, which is what they join"
                raise NetworkError(where, expected, brief(population.name))
        if not isinstance(connector, Connector):
            raise NetworkError(where, "needs a connector, such as OneToOne() or FixedProbability(0.1)", brief(connector))
        connector.check(first.n, second.n, where)
        conductance = synaptic(conductance, "nS", f"{where}, conductance", connector, first.n, second.n)
        lowest = conductance.bounds()[0] if isinstance(conductance, Distribution) else np.min(conductance, initial=np.inf)
        if lowest < 0:
            raise ParameterError(f"{where}, conductance", "must be >= 0 nS", f"{lowest:g} nS")
        self.gaps[label] = GapJunctions(label, first.name, second.name, connector, conductance)
        return self.gaps[label]

    def probe(
        self,
        population: Population | str,
        what: str = "spikes",
        *,
        every: float | str | None = None,
        cells: Iterable[int] | None = None,
        start: float | str | None = None,
        stop: float | str | None = None,
    ) -> Probe:
        """Record ``what`` of a population: "spikes", a state, or "counts" (which every run keeps: no more than that).

        A state is one of the neurons and their rules ("v"), of the receptor of a projection or background ("x->e.g"), or a noise
        current ("noise->e.i"); what no other is called may stand alone ("g"). Projections with an equal receptor on the same input
        share its states, so that "x->e.g" and "y->e.g" are the sum of both. A projection must be there before it is recorded.

        A state is sampled every ``every`` ms, a whole number of steps, dt by default, from the first such instant after t = 0;
        ``cells`` are the indices to record, all by default; what is recorded is stamped after ``start`` and up to ``stop`` ms,
        so that intervals which meet share nothing, and both are open by default. After a run ``run[population].spikes`` holds
        times [spikes] in ms and ids [spikes], ``run[population].samples(state)`` times [samples] in ms and values [samples,
        cells] in the state's unit. Without any probe a network records the spikes of all populations.

        Raises NetworkError for an unknown population, an unknown state, a short name of several states or cells that are none;
        ParameterError for an ``every`` or an interval that is no whole number of steps, or that is given where nothing is sampled;
        UnitError for a wrong unit.

        >>> from maichong import LIF
        >>> net = Network(dt=0.1)
        >>> e = net.population("e", LIF(), 3, drive=400.0)
        >>> _ = net.probe(e, "v", every=1.0, cells=[0, 2])
        >>> v = net.build("reference").run(5.0)["e"].samples("v")
        >>> v.times, v.values.shape
        (array([1., 2., 3., 4., 5.]), (5, 2))
        """
        known = self._known(population)
        probe = probe_of(known, what, every, cells, start, stop, self.dt, self.states(known))
        self.probes.append(probe)
        return probe

    def states(self, population: Population | str) -> dict[str, Place]:
        """The states of a population by their full names, with the unit of each: what ``probe`` records.

        >>> from maichong import LIF, Exponential
        >>> net = Network()
        >>> e = net.population("e", LIF(), 3)
        >>> _ = net.background(e, rate=8000.0, weight=1.0, receptor=Exponential(e_rev=0.0), name="outside")
        >>> {name: place.unit for name, place in net.states("e").items()}
        {'v': 'mV', 'outside.g': 'nS'}
        """
        others = (self.projections.values(), self.backgrounds.values(), self.noises.values())
        return states_of(self._known(population), *others)

    def probe_weights(
        self,
        projection: Projection | str,
        *,
        every: float | str,
        synapses: Iterable[int] | None = None,
        start: float | str | None = None,
        stop: float | str | None = None,
    ) -> Probe:
        """Record the weights of a projection every ``every`` ms, a whole number of steps, as they are at the end of the step.

        ``synapses`` are the indices of those to record, in the order of ``run.synapses(projection)``, all by default; ``start``
        and ``stop`` are as in ``probe``. After a run ``run.weight_samples(projection)`` holds times [samples] in ms and values
        [samples, synapses] in the weight's unit. A run pauses at each sample, so an ``every`` of a few steps costs speed.

        Raises NetworkError for an unknown projection or synapses that are none; ParameterError for an ``every`` or an interval
        that is no whole number of steps; UnitError for a wrong unit.

        >>> from maichong import LIF, AllToAll, Delta, PairSTDP, Poisson
        >>> net = Network(dt=0.1, seed=1)
        >>> x, e = net.population("x", Poisson(rate=50.0), 2), net.population("e", LIF(), 3)
        >>> _ = net.project(x, e, AllToAll(), weight=0.5, receptor=Delta(), plasticity=PairSTDP())
        >>> _ = net.probe_weights("x->e", every=10.0, synapses=[0, 5])
        >>> net.build("reference").run(50.0).weight_samples("x->e").values.shape
        (5, 2)
        """
        name = projection.name if isinstance(projection, Projection) else projection
        if not is_one_of(name, self.projections):
            raise NetworkError("network", f"has no projection {brief(name)}", fix=did_you_mean(name, self.projections))
        entry = self.projections[name]
        known = entry.connector.counted
        n_pre, n_post = self.populations[entry.pre].n, self.populations[entry.post].n
        size = int(entry.connector.expected(n_pre, n_post)) if known else None
        probe = weight_probe_of(entry, every, synapses, start, stop, self.dt, size)
        self.probes.append(probe)
        return probe

    def build(self, engine: str = "events", **options: Any) -> Any:
        """Build the network on an engine ("events", "reference" or "nest") and return a run at t = 0.

        Options are the engine's, e.g. ``precision="float32"`` for "events", ``connectivity="nest"`` for "nest", which is NEST
        (``pip install "maichong[nest]"``) with the same network. Raises EngineError for what the engine lacks: all of it, where it
        is NEST. What is only nearly the same there ``print(run.describe())`` tells.
        """
        # the engines stand above the network, so they are found by name and not imported
        return importlib.import_module("maichong.engines").build(self, engine, **options)

    def summary(self, **options: Any) -> str:
        """The network in words, with a forecast of the memory that a build will take; nothing is built."""
        return importlib.import_module("maichong.engines.forecast").summary(self, **options)

    def to_dict(self) -> dict[str, Any]:
        """The network as JSON-ready data; arrays stay arrays."""
        return write_network(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], models: Iterable[Any] = ()) -> Network:
        """The network that ``to_dict`` wrote; models of your own, which no registry knows, are given in ``models``."""
        return read_network(cls, data, models)

    def save(self, path: str | Path) -> Path:
        """Write the network to ``path``: as JSON where it ends in ``.json``, else as one file of JSON and plain arrays."""
        path = files.as_path(path)
        return files.write_json(path, self.to_dict()) if path.suffix == ".json" else files.write_bundle(path, self.to_dict())

    @classmethod
    def load(cls, path: str | Path, models: Iterable[Any] = ()) -> Network:
        """The network that ``save`` wrote."""
        data = files.read_json(path) if files.as_path(path).suffix == ".json" else files.read_bundle(path)[0]
        if not isinstance(data, dict):
            raise NetworkError(str(path), "must hold a network", type(data).__name__)
        return cls.from_dict(data, models)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and same_data(self.to_dict(), other.to_dict())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        cells = sum(population.n for population in self.populations.values())
        return (
            f"<Network: {len(self.populations)} populations, {cells:,} neurons, {len(self.projections)} projections, "
            f"dt {self.dt:g} ms>"
        )

    def _known(self, population: Population | str) -> Population:
        name = population.name if isinstance(population, Population) else population
        if not is_one_of(name, self.populations):
            raise NetworkError(
                "network", f"has no population {brief(name)}", fix=did_you_mean(name, self.populations) or "add it first"
            )
        return self.populations[name]

    def _onto(self, target: Population | str, name: str | None, what: str) -> tuple[Population, str, str]:
        """The neurons that a background or a noise current, ``what``, ends on, its name, and how messages call it."""
        known = self._known(target)
        label = f"{what}->{known.name}" if name is None else name
        check_name(label, what)
        where = f"{what} {label!r}"
        self._check_free(label, where)
        if not known.is_neuron:
            raise NetworkError(where, "must end on neurons, and a source receives nothing", brief(known.name))
        return known, label, where

    def _check_free(self, label: str, where: str) -> None:
        """NetworkError where ``label`` is the name of something in the network."""
        if any(label in held for held in (self.populations, self.projections, self.backgrounds, self.noises, self.gaps)):
            raise NetworkError(where, "stands in the network already", fix="choose another name")


__all__ = ["Background", "GapJunctions", "Network", "Noise", "Population", "Probe", "Projection", "SpikeTimes"]
