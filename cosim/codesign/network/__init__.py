"""A trained network on 1T1R arrays and neurons: mapping, inference, agreement, error budget."""
