"""Why does the plan give each cell what it gives?"""
