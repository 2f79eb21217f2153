"""The tuned cell as a storage channel: what is written by pulses and read through the circuit, with models held against it."""
