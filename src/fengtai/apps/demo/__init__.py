"""The demonstration: the platform and a simulated city, driven only through the same doors that people use."""
