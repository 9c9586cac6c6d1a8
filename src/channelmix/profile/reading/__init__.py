"""The JSON Schema of profiles, and validation errors in plain words."""
