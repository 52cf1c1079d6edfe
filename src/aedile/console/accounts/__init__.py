"""Who are the people, what may they do, and how do they prove who they are?"""
