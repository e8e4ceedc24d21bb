"""bootverify."""
