"""What do people see and do? The Django project: one app a desk, and `base` for what all desks share."""
