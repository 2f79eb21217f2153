"""Spiking networks: what the circuit is meant to compute, with trained weights.

Latency coding (`encoding`), the neuron (`timing`, `psp`, `readout`, `stepping`, `layer`), networks and their files (`network`, `storage`), training
(`training`), images (`data`) and networks trained elsewhere (`importing`, `nir_files`). Inference is NumPy; `layer`, `maximum` and `training` need torch.
"""
