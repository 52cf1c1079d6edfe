"""What do named lists hold, who changed them, and when?"""
