"""The hotline's rules."""
