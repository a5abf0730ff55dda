"""A made-up province: its units, its people and nine months of its records, the same for the same seed."""
