"""Types that several modules share."""

from typing import Any

Array = Any  # a NumPy array or a torch tensor: whatever `array_api_compat` knows
