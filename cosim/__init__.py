"""cosim: circuit-level simulation and hardware co-design of memristive spiking networks and analogue storage."""

__version__ = "0.1.0"
