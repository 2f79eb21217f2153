"""Closed-loop tuning of 1T1R cells by incremental step pulse programming (ISPP; Lim 2025, section 3.2, Fig. 5)."""
