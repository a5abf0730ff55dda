"""The pages as their users see them, in a real Chromium."""
