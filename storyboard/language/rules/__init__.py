"""The rules of a storyboard's meaning by subject, one function for each code."""
