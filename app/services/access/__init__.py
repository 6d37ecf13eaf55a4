"""Who may do what: API keys, their scopes, and the log of administrative acts."""
