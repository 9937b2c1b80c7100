"""Events become messages, and messages become email."""
