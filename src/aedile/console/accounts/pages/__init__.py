"""What do people see of Settings? One module a page."""
