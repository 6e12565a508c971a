"""What a storyboard must mean, one function for each code, by subject."""
