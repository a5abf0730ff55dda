"""What a nameko worker declares. nameko and eventlet are imported here and in cli/serve.py only."""
