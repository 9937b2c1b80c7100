"""What is stored about a person: handing it over, and forgetting it."""
