"""The `shengzhi` command and what it starts: the outermost layer, imported by nobody."""
