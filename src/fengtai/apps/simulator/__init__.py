"""A simulated city on real sockets: GB/T 28181 cameras that send drawn scenes, and DC-09 panels that send alarms.

It is the same protocol code as the platform's, in the opposite role; used by the demonstration, tests and benchmarks.
"""
