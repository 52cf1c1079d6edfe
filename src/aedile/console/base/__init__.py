"""What do all desks share? The page around them, the history of every write, errors as people see them."""
