"""Users: profiles, their data, merging and retention."""
