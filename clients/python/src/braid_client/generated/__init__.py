"""What follows from the description of the interface.

Written by `make clients` from docs/openapi.json: change that, not this."""
