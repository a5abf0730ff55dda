"""What the platform does in a second, beside the most that its parts do alone, in one run. `make bench`."""
