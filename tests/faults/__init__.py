"""Faults on the whole platform while clients work, and the check that nothing was lost and nothing doubled."""
