"""The gateway: who may what, the organisation, the figures and their pages."""
