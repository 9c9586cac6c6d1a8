"""What is more knowledge worth, and which test should be run next?"""
