"""Which inputs does the plan depend on?"""
