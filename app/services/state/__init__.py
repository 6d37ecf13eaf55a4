"""What a serving process keeps in memory, and how it stays up to date."""
