"""What helps to build aedile, and is no part of it?"""
