"""Studies on storage channels that drift: the switch population, its stand-ins for training, TiO2 traces, capacity against delay and energy."""
