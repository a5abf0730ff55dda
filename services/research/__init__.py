"""Investigation and research: key topics in a closed loop, visits, and the measures that come of them."""
