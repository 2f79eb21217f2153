"""Storage channels: what stores a value and gives it back changed.

Every channel has the same five verbs (`channel.Channel`): draw reads, give the law of a read exactly, say what a write costs, propose levels to write and bins
to read into. Measured devices (`measured`, `rram`), conductance that drifts (`pcm`, `population`), states of a flash cell (`flash`), the Gaussian stand-in of
any of them (`gaussian`), and channels with closed-form capacities (`textbook`). `named` finds them by name.
"""
