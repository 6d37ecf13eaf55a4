"""What a process shares, and the services that are made from it."""
