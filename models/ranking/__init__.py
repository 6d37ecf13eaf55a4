"""The request path: candidates, features, network and blend."""
