"""Which inputs does the plan hang on?"""
