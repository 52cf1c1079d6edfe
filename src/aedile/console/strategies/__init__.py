"""How is a strategy written, proven, approved, released, paused and retired?"""
