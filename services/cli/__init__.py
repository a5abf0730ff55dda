"""The `shengzhi` command and what it starts: the outermost layer, imported by nobody."""

SERVICES = ("study", "hotline", "research", "gateway")
"""What runs as a nameko service, the gateway's worker among them."""
