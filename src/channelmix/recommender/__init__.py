"""Questions of a company and their answers, one file or folder a question."""
