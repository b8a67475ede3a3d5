"""The benchmark of musterd beside its peers: tools/bench is its door."""
