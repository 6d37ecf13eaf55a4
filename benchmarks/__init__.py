"""What measures Braid beside its peers; no part of what is installed."""
