"""maichong (脉冲, "pulse, spike"): spiking neural networks, from one synapse to a trained network.

    >>> from maichong import AllToAll, LIF, Exponential, Network
    >>> net = Network(dt=0.1, seed=1)
    >>> cell = net.population("cell", LIF(tau_m=10.0), 1, drive=1000.0)
    >>> run = net.build("reference").run(20.0)
    >>> float(run["cell"].spikes.times[0])
    4.8
"""
