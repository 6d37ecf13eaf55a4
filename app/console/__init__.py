"""The web console: what is looked at rather than called."""
