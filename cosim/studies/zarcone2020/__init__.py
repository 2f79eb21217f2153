"""Zarcone 2020 (Sci. Rep. 10, 6831): phase-change cells as a channel, its capacity, and real numbers stored in it.

`storing` is what is computed for any channel; `pcm` runs it on the authors' measurements, `surrogate` on the moments that are shipped, and `energy` has the
cell as a circuit and the energy a sample.
"""
