"""REST: the edge that says who is asking, whether they may, and whether it is well-formed."""
