"""Theoretical study: sessions of the five linked ways, essays, lectures, coverage."""
