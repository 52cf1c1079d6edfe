"""How fast is aedile, and how fast are its peers on the same strategies and the same data?"""
