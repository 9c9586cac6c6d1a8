"""Answers to a company's questions, one file or folder per question."""
