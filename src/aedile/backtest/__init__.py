"""What would this release have done?"""
