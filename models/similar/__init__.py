"""Similar items: how alike two items are by their users and by their descriptions, and both together."""
