"""Neuron-synapse-neuron unit: model, benches, bias design, corners, noise, energy, spiking chains."""
