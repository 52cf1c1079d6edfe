"""How fast is the decision server, and does it stay so? Needs `wrk`, the native load generator, from the system."""
