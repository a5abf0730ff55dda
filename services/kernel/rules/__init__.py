"""Rules that every service shares: kinds of record, refusals, working days, counting. Pure."""
