"""How do programs do what people do in the console? The same actions, over HTTP, as JSON."""
