"""HTML: reduced to what a policy allows, and read in that form."""
