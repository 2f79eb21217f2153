"""Sweeps: many simulations in parallel, each kept in a store, and their results as a table."""
