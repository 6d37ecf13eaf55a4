"""What a request may ask of items: filters, preferences and their evaluation."""
