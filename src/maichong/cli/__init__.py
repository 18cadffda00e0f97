"""The command line: verbs only. Tables go to stdout, progress to stderr; ``--json`` writes what programs read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from maichong.errors import MaichongError

UsageError = typer.BadParameter.__mro__[1]  # click's, or that of the copy of click inside newer versions of typer

app = typer.Typer(
    name="maichong",
    help="Spiking neural networks: models, simulations, and papers reproduced with verdicts.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _writable(path: Path | None) -> Path | None:
    if path is not None:
        from maichong.cli import errors

        errors.try_to_write(path)
    return path


Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", callback=_writable, help="Also write the outcome as JSON to FILE."),
]


@app.command("list")
def list_(
    kind: Annotated[
        str | None, typer.Argument(help="neuron, receptor, rule, source, code, paper, data, benchmark ...; all if left out.")
    ] = None,
    json: Json = None,
) -> None:
    """List the models, papers, data sets and benchmarks.

    Example: maichong list neuron
    """
    from maichong.cli import catalogue

    catalogue.show_list(kind, json)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="What list names, e.g. LIF, pair_stdp, diehl-cook-2015 or coba-4000.")],
    plot: Annotated[
        bool, typer.Option("--plot", help="Also draw a neuron: firing patterns, f-I curve, phase plane, bifurcations.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", callback=_writable, help="Where --plot draws: .png, .svg, .pdf or .html; NAME.png if left out."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Show a model's equations, parameters with units and source, or a paper's settings and claims.

    Example: maichong show Izhikevich --plot --out izhikevich.html
    """
    from maichong.cli import catalogue

    if out is not None and not plot:
        raise MaichongError("--out", "says where to draw", fix="add --plot")
    catalogue.show_one(name, json, plot, out)


@app.command()
def reproduce(
    name: Annotated[str, typer.Argument(help="The paper, e.g. diehl-cook-2015; 'maichong list paper' shows all.")],
    data: Annotated[str | None, typer.Option(help="The data set; the paper's embedded default if left out.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="How many seeds to run; 1 if left out.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run's folder; runs/NAME if left out.")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Carry on the run in this folder.")] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="A quick look: few samples, no verdict to be trusted.")] = False,
    json: Json = None,
) -> None:
    """Reproduce a paper: train, test, compare with its figures, write a report.

    Ctrl-C saves; --resume carries on. The exit code is 0 when all claims hold, 1 when one fails, 2 for bad input.

    Example: maichong reproduce diehl-cook-2015 --data mnist --set neurons=400
    """
    from maichong.cli import runs

    raise typer.Exit(runs.run_reproduction(name, data, _pairs(set_), seeds, out, resume, smoke, json))


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for entry in given or []:
        key, sign, value = entry.partition("=")
        if not sign or not key:
            raise MaichongError("--set", "must look like KEY=VALUE", repr(entry))
        pairs[key.strip()] = value.strip()
    return pairs


@app.command()
def simulate(
    file: Annotated[
        Path | None, typer.Argument(help="FILE.py with net = Network(...) or network(); or what Network.save wrote.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="MS", help="Biological time in ms, or such as '2 s'; the file's, else 1000.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="events (if left out), reference, or nest, which has no checkpoints.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the engine, e.g. precision=float32; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The run's folder; runs/NAME if left out.")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Carry on the run in this folder, bit for bit.")] = None,
    checkpoint_every: Annotated[float, typer.Option(metavar="MIN", help="Minutes between two checkpoints.")] = 10.0,
    json: Json = None,
) -> None:
    """Run a network from its file; what its probes see is streamed to DIR/recording.

    Ctrl-C saves; --resume carries on, and with a longer --duration also from the end; but on nest neither. The exit code is 0
    when it is done, 130 when it was stopped, 2 for bad input.

    Example: maichong simulate balanced.py --duration 10000 --out runs/balanced
    """
    from maichong.cli import simulation

    simulation.run_simulation(
        json, _pairs(set_), path=file, duration=duration, engine=engine, out=out, resume=resume,
        checkpoint_every=checkpoint_every,
    )  # fmt: skip


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="A model; all of them if left out.")] = None, json: Json = None
) -> None:
    """Check that models keep the contract: units, documents, engines that agree. Exit code 0 when all pass.

    Example: maichong check LIF
    """
    from maichong.cli import runs

    raise typer.Exit(runs.run_checks(name, json))


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="The benchmark, e.g. coba-4000; 'maichong list benchmark' shows all.")],
    against: Annotated[
        str,
        typer.Option(
            metavar="PEERS",
            help="Peers, by commas: brian2,nest; for deep spikingjelly,snntorch,norse,torch. Each gets an environment of its own.",
        ),
    ] = "",
    threads: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Numbers of threads that each get a row, by commas: 1,2.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="MS", help="Biological time that all tools simulate; what suits each if left out.")
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            help="diehl-cook-2015: images that maichong trains on, 2000 if left out; peers get what their speed allows."
        ),
    ] = None,
    neurons: Annotated[int | None, typer.Option(help="diehl-cook-2015: excitatory neurons, 400 if left out.")] = None,
    net: Annotated[
        str, typer.Option(metavar="NETS", help="deep: which networks, by commas: fc,conv,recurrent; all if left out.")
    ] = "",
    products: Annotated[
        str | None,
        typer.Option(
            help="deep: float32, or bfloat16, torch's switch for products of float32, for all tools; float32 if left out."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Time maichong and its peers on the same network, one after the other, in one run.

    Shows build time, wall seconds for a second of biological time, memory and firing rates, which tell whether it was the same
    work; for deep samples per second of training and of inference. The exit code is 0, 1 when a peer fails, 2 for bad input.

    Example: maichong bench coba-4000 --against brian2,nest --threads 1,2
    """
    from maichong.cli import benchmarks

    raise typer.Exit(
        benchmarks.run_bench(
            name, against, json, threads=threads, net=net, products=products, duration=duration, images=images, neurons=neurons
        )
    )


@app.command("codes")
def codes_(
    file: Annotated[Path | None, typer.Argument(help="FILE.wav or FILE.npy, a sound or an array of numbers.")] = None,
    image: Annotated[int | None, typer.Option(metavar="N", help="The training image number N, in place of a file.")] = None,
    data: Annotated[str | None, typer.Option(help="The data set of --image; mnist if left out.")] = None,
    code: Annotated[str, typer.Option(metavar="CODES", help="Which codes, by commas: BSA,HSA; all if left out.")] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="CODE.KEY=VALUE", help="Change a code's parameter; may be repeated."),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help="How many values of a file to encode; the first 4,000 if left out.")
    ] = None,
    features: Annotated[
        str, typer.Option(help="What to make of a sound first: none, log-mel or gammatone, channels over time.")
    ] = "none",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", callback=_writable, help="Where to draw: .png, .svg, .pdf or .html; FILE-codes.png if left out."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Compare the codes on a sound, an array or a picture: error, spikes and bits for each value, and the raster of each.

    Example: maichong codes --image 0 --out codes.html
    """
    from maichong.cli import codes

    chosen = [name.strip() for name in code.split(",") if name.strip()]
    codes.run_codes(file, image, data, chosen, _pairs(set_), samples, features, out, json)


@app.command("motifs")
def motifs_(
    file: Annotated[Path | None, typer.Argument(help="CSV with one source,target[,weight] a line.")] = None,
    size: Annotated[int, typer.Option(metavar="3|4", help="Nodes of a motif.")] = 3,
    samples: Annotated[
        int | None,
        typer.Option(
            help="Sub-networks of four nodes to look at, about; all where there are no more. 1,000,000 if left out.",
            metavar="N",
        ),
    ] = None,
    types: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV with one node,type a line, e.g. E and I: count triads by types.")
    ] = None,
    per_node: Annotated[bool, typer.Option("--per-node", help="Also tell in how many of each triad every node is.")] = False,
    null: Annotated[
        str,
        typer.Option(
            help="What to compare with: none (chance alone), degree or degree-mutual (mutual pairs kept too); with --types also "
            "types (arcs between types kept)."
        ),
    ] = "degree-mutual",
    nulls: Annotated[
        int | None,
        typer.Option(help="How many null networks to draw; 1000 if left out, 100 for more than 20,000 arcs or where sampled."),
    ] = None,
    quality: Annotated[
        float | None, typer.Option(help="Tries for each arc of a null network, at least; 100 if left out, 10 for more arcs.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the null networks.")] = 0,
    gallery: Annotated[
        bool, typer.Option("--gallery", help="Compare networks of genes, neurons, areas, friends and words.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", callback=_writable, help="Where to draw: .png, .svg or .pdf; NAME-motifs.png if left out."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Count the motifs of a network, of three nodes or four, and tell which it has more of than its null model.

    Self-loops, repeated arcs and nodes without arcs are counted and reported. The null model decides signs: it is named in the
    output.

    Example: maichong motifs celegans.csv --null degree-mutual --json motifs.json
    """
    from maichong.cli import motifs

    motifs.run_motifs(
        file, size=size, samples=samples, types=types, per_node=per_node, null=null, nulls=nulls, quality=quality, seed=seed,
        gallery=gallery, out=out, json=json,
    )  # fmt: skip


def version(shown: bool) -> None:
    if shown:
        from maichong import __version__

        typer.echo(f"maichong {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version_: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """maichong (脉冲): spiking neural networks."""


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line; an error a user can act on is one sentence on stderr and exit code 2."""
    from maichong.cli.errors import say, usage

    given = list(sys.argv[1:] if args is None else args)
    command = typer.main.get_command(app)
    code = 0 if given else 2
    try:
        # not command.main(): it would turn Ctrl-C into an exit code and draw boxes round what it refuses
        with command.make_context("maichong", given or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as end:
        code = end.exit_code or code
    except MaichongError as error:
        code = 2
        say(str(error))
    except UsageError as error:
        code = 2
        say(usage(error))
    except KeyboardInterrupt as interrupt:
        code = 130
        say(f"stopped; carry on with: {interrupt}" if str(interrupt) else "stopped")
    sys.exit(code)
