"""What is it worth to know more, and which test comes next?"""
