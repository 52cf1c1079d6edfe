"""What would aedile look like at work? A small marketplace with teams, people, strategies and shoppers."""
