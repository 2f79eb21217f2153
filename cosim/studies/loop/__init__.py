"""The loop closed: what the tuned circuit measures decides how weights are stored, and stored weights are measured in the circuit again."""
