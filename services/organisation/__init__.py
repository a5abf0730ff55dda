"""What everybody may know of units, members, users, campaigns and submissions: a contract alone."""
