"""A Mesos and a Marathon that are simulated, for the tests and for tools/demo."""
