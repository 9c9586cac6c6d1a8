"""Mutation testing: change one thing in the engine at a time, and see whether a test notices.

``python -m tests.mutation collect`` runs the tests once, to learn which of them run each line and how long each takes.
``python -m tests.mutation run`` draws mutants and runs the tests of their lines, quickest first, until one fails.
``python -m tests.mutation report`` counts the outcomes and lists the survivors.

Results are appended as they come, so that a run that was stopped goes on where it was. `docs/explanation/mutants.md`
holds the last results.
"""
