"""Networks of snnTorch and NIR: their membranes are reproduced, what has no circuit is said."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import DataError
from cosim.snn.encoding import latency_times, raster
from cosim.snn.network import waves

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")
nir = pytest.importorskip("nir")
from cosim.snn.importing import from_snntorch  # noqa: E402
from cosim.snn.nir_files import SNNTORCH_STEP, from_nir  # noqa: E402

nn = torch.nn
DT = 1e-3
PIXELS = np.random.default_rng(2).random((5, 8))


def built(first, last, *, bias=False, negative=True):
    torch.manual_seed(3)
    net = nn.Sequential(OrderedDict(fc1=nn.Linear(8, 6, bias=bias), lif1=first, fc2=nn.Linear(6, 3, bias=bias), lif2=last))
    for name in ("fc1", "fc2"):
        weight = getattr(net, name).weight
        weight.data = 4 * weight.data if negative else weight.data.abs()
    return net


def leaky(beta=0.9, reset="zero", **more):
    return snntorch.Leaky(beta=beta, reset_mechanism=reset, threshold=0.7, **more)


def membranes(net, imported):
    """Membranes of the source, stepped by snnTorch itself."""
    drive = torch.as_tensor(raster(latency_times(PIXELS, imported.network.encoding), dt=DT, duration=imported.network.duration), dtype=torch.float32)
    states, found = [None, None], ([], [])
    with torch.no_grad():
        for step in drive:
            for index, (linear, neuron) in enumerate(((net.fc1, net.lif1), (net.fc2, net.lif2))):
                step, *states[index] = neuron(linear(step), *(states[index] or ()))
                found[index].append(states[index][-1])
    return [torch.stack(each).numpy() for each in found]


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_the_membranes_of_leaky_layers_are_reproduced(reset):
    net = built(leaky(reset=reset), leaky(0.8, reset))
    imported = from_snntorch(net, dt=DT, readout="spike_count")
    expected, found = membranes(net, imported), waves(imported.network, PIXELS)
    assert found[0].spikes.sum() > 5
    for theirs, ours, scale in zip(expected, found, imported.scales, strict=True):
        assert scale * ours.membrane == pytest.approx(theirs, abs=1e-4 * float(np.abs(theirs).max()))


def test_the_membranes_of_synaptic_layers_are_reproduced():
    net = built(*(snntorch.Synaptic(alpha=0.6, beta=0.9, threshold=0.7, reset_mechanism="subtract") for _ in range(2)))
    imported = from_snntorch(net, dt=DT, readout="spike_count")
    expected, found = membranes(net, imported), waves(imported.network, PIXELS)
    assert found[0].spikes.sum() > 5
    for theirs, ours, scale in zip(expected, found, imported.scales, strict=True):
        assert scale * ours.membrane == pytest.approx(theirs, abs=1e-4 * float(np.abs(theirs).max()))
    assert imported.network.layers[0].taus.fall == pytest.approx(-DT / np.log(0.6))


def test_a_decay_becomes_a_time_constant_and_a_weight_a_share_of_the_largest():
    net = built(leaky(), leaky(), negative=False)
    imported = from_snntorch(net, dt=DT)
    layer, largest = imported.network.layers[0], float(net.fc1.weight.detach().max())
    assert layer.taus.membrane == pytest.approx(9.491e-3, rel=1e-3)  # -1 ms / ln 0.9
    assert layer.plus.transpose() == pytest.approx(net.fc1.weight.detach().numpy() / largest)
    assert layer.threshold == pytest.approx(0.7 / largest, rel=1e-6)
    assert (imported.network.signs, imported.network.dt) == ("positive", DT)


def test_negative_weights_become_pairs_of_which_one_is_zero():
    layer = from_snntorch(built(leaky(), leaky()), dt=DT).network.layers[0]
    assert layer.minus.max() > 0
    assert not (layer.plus * layer.minus).any()


def test_a_network_that_a_circuit_can_be_loses_nothing():
    imported = from_snntorch(built(leaky(), leaky()), dt=DT, readout="spike_count")
    assert imported.fidelity.exact
    assert "lif1, beta: 0.9 in a step of 1 ms; here 9.491 ms, -dt / ln(beta)" in str(imported.fidelity)


def test_what_has_no_circuit_is_listed_word_for_word():
    betas = torch.tensor([0.8, 0.9, 0.9, 0.9, 0.9, 0.9])
    net = built(leaky(betas, "subtract", reset_delay=False), leaky(), bias=True)
    net.fc1.bias.data = torch.full((6,), 0.5)
    net.fc2.bias.data.zero_()
    scale = from_snntorch(net, dt=DT).scales[0]
    assert [str(each) for each in from_snntorch(net, dt=DT).fidelity.losses] == [
        "lif1, beta: 0.8 to 0.9, one for each neuron (4.48 to 9.49 ms); not kept: one bias sets the time constant of a layer: 8.656 ms, their mean",
        f"lif1, bias: up to {0.5 / scale:.3g} spikes of full weight in each step; not kept: no device gives a current without a spike",
        "lif1, reset: in the step of the spike (reset_delay=False); not kept: one step later, as in snnTorch by default",
        "lif1, reset: by subtraction of the threshold; not kept: kept in the model, but a circuit discharges the membrane to rest",
        "lif2, spikes of the output: fires and is reset; not kept: membranes without spikes, read by their maxima",
    ]


def test_a_file_of_a_state_dict_gives_what_the_module_gives(tmp_path: Path):
    net, path = built(leaky(), leaky()), tmp_path / "net.pt"
    torch.save(net.state_dict(), path)
    mine, theirs = from_snntorch(path, dt=DT).network, from_snntorch(net, dt=DT).network
    for ours, other in zip(mine.layers, theirs.layers, strict=True):
        assert np.array_equal(ours.weights, other.weights)
        assert (ours.taus, ours.threshold) == (other.taus, other.threshold)


def test_a_file_with_code_in_it_is_not_run(tmp_path: Path):
    path = tmp_path / "net.pt"
    torch.save(nn.Sequential(nn.Linear(3, 2)), path)
    with pytest.raises(DataError, match=r"net\.pt: must be a state dict, torch\.save\(net\.state_dict\(\), \.\.\.\); a file with code in it is not run$"):
        from_snntorch(path, dt=DT)


def recurrent():
    return snntorch.RLeaky(beta=0.9, all_to_all=True, linear_features=6)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (lambda: built(recurrent(), leaky()), "Sequential, lif1: RLeaky has no circuit here; use Leaky or Synaptic"),
        (lambda: built(recurrent(), leaky()).state_dict(), "state dict, lif1.recurrent: recurrent layers have no circuit here"),
        (lambda: nn.Sequential(nn.Linear(3, 2)), "Sequential, the last Linear: a Linear layer must be followed by Leaky or Synaptic"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU()), "Sequential, 1: ReLU has no circuit here; use Linear with Leaky or Synaptic"),
        (lambda: nn.Sequential(leaky()), "Sequential, 0: must come behind a Linear layer"),
        (lambda: nn.Sequential(nn.Conv2d(1, 1, 2), leaky()).state_dict(), "state dict, 0: neither Linear, Leaky nor Synaptic; it holds weight, bias"),
        (lambda: nn.Sequential(nn.Linear(3, 2), leaky(1.0)), "Sequential, 1, beta=1: must be > 0 and < 1, a decay in one step"),
        (dict, "state dict: must hold at least one pair of a linear and a spiking layer"),
    ],
)
def test_what_cannot_be_imported_is_refused_word_for_word(source, message):
    with pytest.raises(DataError) as caught:
        from_snntorch(source(), dt=DT)
    assert str(caught.value) == message


def test_the_step_must_be_said():
    with pytest.raises(DataError, match=r"^Sequential, dt=None: must be the step that it was trained with, in seconds$"):
        from_snntorch(built(leaky(), leaky()), dt=None)


def graph(net, *, step=SNNTORCH_STEP, extra=()):
    """The graph that snnTorch's export makes of a network."""
    nodes = {"input": nir.Input(input_type=np.array([8])), "output": nir.Output(output_type=np.array([3]))}
    for linear, neuron, size in (("fc1", "lif1", 6), ("fc2", "lif2", 3)):
        nodes[linear] = nir.Linear(weight=getattr(net, linear).weight.detach().numpy())
        tau = np.full(size, step / (1 - float(getattr(net, neuron).beta)))
        nodes[neuron] = nir.LIF(tau=tau, v_threshold=np.full(size, 0.7), v_leak=np.zeros(size), r=tau / step, v_reset=np.zeros(size))
    edges = [("input", "fc1"), ("fc1", "lif1"), ("lif1", "fc2"), ("fc2", "lif2"), ("lif2", "output"), *extra]
    return nir.NIRGraph(nodes=nodes, edges=edges, type_check=False)


def test_a_nir_file_of_snntorch_gives_the_network_that_it_was_written_from(tmp_path: Path):
    net, path = built(leaky(), leaky(0.8)), tmp_path / "net.nir"
    nir.write(path, graph(net))
    mine, theirs = from_nir(path, dt=DT, writer_step=SNNTORCH_STEP), from_snntorch(net, dt=DT)
    assert mine.scales == pytest.approx(theirs.scales, rel=1e-5)
    for ours, other in zip(mine.network.layers, theirs.network.layers, strict=True):
        assert ours.weights == pytest.approx(other.weights, abs=1e-6)
        assert ours.taus.membrane == pytest.approx(other.taus.membrane, rel=1e-5)


def test_without_the_step_of_the_writer_the_times_of_a_nir_file_are_seconds():
    imported = from_nir(graph(built(leaky(), leaky()), step=DT), dt=DT)
    assert imported.network.layers[0].taus.membrane == pytest.approx(10e-3, rel=1e-5)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            lambda: graph(built(leaky(), leaky()), extra=[("lif1", "fc1")]),
            "NIR graph, lif1: leads to fc2 and fc1; recurrent and branched networks have no circuit here",
        ),
        (
            lambda: nir.NIRGraph(nodes={"input": nir.Input(np.array([2])), "fc": nir.Linear(np.ones((2, 2)))}, edges=[("input", "fc")], type_check=False),
            "NIR graph, fc: a linear node must be followed by LIF, CubaLIF, LI or CubaLI",
        ),
        (
            lambda: nir.NIRGraph(nodes={"input": nir.Input(np.array([2])), "t": nir.Threshold(np.ones(2))}, edges=[("input", "t")], type_check=False),
            "NIR graph, t: Threshold must be Linear or Affine and then LIF, CubaLIF, LI or CubaLI, one after the other",
        ),
    ],
)
def test_a_nir_graph_that_is_no_chain_is_refused(source, message):
    with pytest.raises(DataError) as caught:
        from_nir(source(), dt=DT)
    assert str(caught.value) == message


def test_a_file_that_is_not_nir_is_named(tmp_path: Path):
    path = tmp_path / "net.nir"
    with pytest.raises(DataError, match=r"net\.nir: no such file or directory$"):
        from_nir(path, dt=DT)
    path.write_bytes(b"no HDF5")
    with pytest.raises(DataError, match=r"net\.nir: damaged, or not a NIR file; "):
        from_nir(path, dt=DT)
