"""Neuron-synapse-neuron unit: 1T1R cell, transimpedance amplifier, inverting amplifier, DPI synapse, membrane, spike output."""
